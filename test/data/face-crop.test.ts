import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeRgb, UnusableImage } from '../../src/data/decode.ts';
import { celebaHqSquare, type FoundFace, loadFaceCrop, loadFaceFinder } from '../../src/data/face-crop.ts';
import { tf } from '../../src/ops/tf.ts';
import { referencePhotos } from '../reference.ts';

describe("CelebA-HQ's frame", () => {
  const mouth = (y: number) =>
    [
      { x: 90, y },
      { x: 110, y },
    ] as const;
  const eyes = [
    { x: 80, y: 100 },
    { x: 120, y: 100 },
  ] as const;

  it('is four eye distances wide when the face is broad', () => {
    expect(celebaHqSquare(eyes, mouth(130))).toEqual({ side: 160, left: 20, top: 23 });
  });

  it('is 3.6 times the height from mouth to eyes when the face is long', () => {
    expect(celebaHqSquare(eyes, mouth(160))).toEqual({ side: 216, left: -8, top: -2 });
  });
});

const astronaut = join(referencePhotos.path, 'astronaut.png');

describe.skipIf(referencePhotos.reason)(`face detection${referencePhotos.reason}`, () => {
  it('frames the face of a real photo and frees its tensors', async () => {
    const find = await loadFaceCrop();
    const photo = await decodeRgb(astronaut);
    const { left, top, side } = await find(photo);
    // The eyes of the 512 px photo are at about (206, 108) and (242, 108), the mouth at (223, 153).
    expect(Math.abs(left + side / 2 - 224)).toBeLessThan(12);
    expect(Math.abs(top + side / 2 - 113)).toBeLessThan(12);
    expect(side).toBeGreaterThan(120);
    expect(side).toBeLessThan(200);
    const twice = await decodeRgb(
      await sharp({
        create: { width: 2 * photo.width, height: photo.height, channels: 3, background: '#888' },
      })
        .composite([
          { input: astronaut, left: 0, top: 0 },
          { input: astronaut, left: photo.width, top: 0 },
        ])
        .png()
        .toBuffer(),
    );
    const faces = await (await loadFaceFinder())(twice);
    expect(faces).toHaveLength(2);
    const [{ landmarks, square }, right] = faces as [FoundFace, FoundFace];
    expect(Math.abs(right.square.left - square.left - photo.width)).toBeLessThan(12);
    expect(landmarks).toHaveLength(68);
    // The outer corner of the right eye, and the mouth's corners.
    expect(Math.hypot(landmarks[36]!.x - 198, landmarks[36]!.y - 108)).toBeLessThan(12);
    expect(Math.hypot((landmarks[48]!.x + landmarks[54]!.x) / 2 - 223, landmarks[54]!.y - 153)).toBeLessThan(
      12,
    );
    const before = tf.memory().numTensors;
    await find(photo);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says so when there is no face', async () => {
    const find = await loadFaceCrop();
    const blank = { data: Buffer.alloc(200 * 150 * 3, 90), width: 200, height: 150 };
    await expect(find(blank)).rejects.toThrow(UnusableImage);
    await expect(find(blank)).rejects.toThrow(/no face/);
  });
});
