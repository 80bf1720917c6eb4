import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawPerson } from '../../src/faces/draw-person.ts';
import { renderFace, renderPerson } from '../../src/faces/faces.ts';
import type { HeadModel } from '../../src/faces/head.ts';
import { loadHead } from '../../src/faces/load-head.ts';
import { HAIR_STYLES } from '../../src/faces/person.ts';
import { assetsDir, hasAssets, skipNote, temporaryFolder } from './assets.ts';

const cacheDir = temporaryFolder();
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

/** The mean of each channel over a rectangle given in shares of the side. */
function meanColour(image: Uint8Array, size: number, [x0, y0, x1, y1]: number[]): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.floor(y0 * size); y < y1 * size; y++) {
    for (let x = Math.floor(x0 * size); x < x1 * size; x++) {
      count++;
      for (let k = 0; k < 3; k++) sum[k] += image[(y * size + x) * 3 + k];
    }
  }
  return sum.map((s) => s / count);
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}

describe.skipIf(!hasAssets)(`renderFace${skipNote}`, () => {
  let head: HeadModel;
  beforeAll(async () => {
    head = await loadHead({ assetsDir, cacheDir });
  });

  it('gives the same bytes for the same seed and size, from the source as from the cache', async () => {
    const again = await loadHead({ assetsDir: 'not needed', cacheDir });
    expect(renderFace(again, 7, 64)).toEqual(renderFace(head, 7, 64));
  });

  it('reads the source again when the cache file is damaged', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'head-v2.bin'), 'not a head');
    const repaired = await loadHead({ assetsDir, cacheDir: folder });
    expect(repaired.positions).toEqual(head.positions);
    rmSync(folder, { recursive: true });
  });

  it.each([64, 128, 256])('fills a picture of %d pixels', (size) => {
    const image = renderFace(head, 3, size);
    expect(image).toHaveLength(size * size * 3);
    expect(new Set(image).size).toBeGreaterThan(50);
  });

  it('shows one person whatever the size', async () => {
    const large = renderFace(head, 4, 128);
    const raw = { width: 128, height: 128, channels: 3 as const };
    const reduced = await sharp(large, { raw }).resize(64, 64, { kernel: 'linear' }).raw().toBuffer();
    expect(meanDifference(renderFace(head, 4, 64), reduced)).toBeLessThan(6);
  });

  it('differs between seeds', () => {
    const faces = Array.from({ length: 5 }, (_, seed) => renderFace(head, seed, 32));
    for (let i = 0; i < faces.length; i++) {
      for (let j = 0; j < i; j++) expect(meanDifference(faces[i], faces[j])).toBeGreaterThan(8);
    }
  });

  it('frames the face: skin in the middle of the picture', () => {
    for (let seed = 0; seed < 6; seed++) {
      const person = drawPerson(seed);
      const image = renderPerson(head, { ...person, glasses: undefined }, 64);
      const [r, g, b] = meanColour(image, 64, [0.42, 0.52, 0.58, 0.62]);
      expect(r, `seed ${seed}`).toBeGreaterThan(g);
      expect(g * 1.06, `seed ${seed}`).toBeGreaterThan(b);
    }
  });

  it('puts the eyes level, a little above the middle', () => {
    const person = drawPerson(2);
    const marked = {
      ...person,
      glasses: undefined,
      hat: undefined,
      pose: { yaw: 0, pitch: 0, roll: 0 },
      camera: { distance: 12, zoom: 1, dx: 0, dy: 0 },
      hair: { ...person.hair, style: 'bald' as const },
    };
    const image = renderPerson(head, marked, 128);
    const plain = renderPerson(head, { ...marked, eyes: { ...person.eyes, iris: [4, 0, 4] } }, 128);
    // Only the irises differ.
    const rows: number[] = [];
    const columns: number[] = [];
    for (let i = 0; i < 128 * 128; i++) {
      if (Math.abs(image[i * 3] - plain[i * 3]) < 40) continue;
      rows.push(Math.floor(i / 128) / 128);
      columns.push((i % 128) / 128);
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(rows.length).toBeGreaterThan(20);
    expect(mean(rows)).toBeGreaterThan(0.44);
    expect(mean(rows)).toBeLessThan(0.5);
    expect(mean(columns)).toBeCloseTo(0.5, 1);
    expect(Math.max(...columns) - Math.min(...columns)).toBeGreaterThan(0.18);
  });

  it('renders every hair style, each unlike the others', () => {
    const person = { ...drawPerson(11), hat: undefined };
    const images = HAIR_STYLES.map((style) =>
      renderPerson(head, { ...person, hair: { ...person.hair, style } }, 32),
    );
    for (let i = 0; i < images.length; i++) {
      for (let j = 0; j < i; j++) {
        const pair = `${HAIR_STYLES[i]} and ${HAIR_STYLES[j]}`;
        expect(meanDifference(images[i], images[j]), pair).toBeGreaterThan(0.5);
      }
    }
  });

  it.each(['beanie', 'cap', 'headband', 'brim'] as const)('puts a %s on the head', (kind) => {
    const person = { ...drawPerson(12), pose: { yaw: 0, pitch: 0, roll: 0 } };
    const hat = { kind, colour: [0, 2, 0] as const };
    const image = renderPerson(head, { ...person, hat }, 64);
    let green = 0;
    for (let i = 0; i < image.length; i += 3) if (image[i + 1] > 100 && image[i] < 40) green++;
    expect(green).toBeGreaterThan(40);
  });
});

describe('drawPerson', () => {
  it('draws varied people', () => {
    const people = Array.from({ length: 200 }, (_, seed) => drawPerson(seed));
    const count = (test: (person: (typeof people)[number]) => unknown) => people.filter(test).length;
    expect(count((p) => p.female)).toBeGreaterThan(70);
    expect(count((p) => !p.female)).toBeGreaterThan(60);
    expect(new Set(people.map((p) => p.hair.style)).size).toBeGreaterThan(10);
    expect(count((p) => p.glasses)).toBeGreaterThan(8);
    expect(count((p) => p.hat)).toBeGreaterThan(1);
    expect(count((p) => p.earrings)).toBeGreaterThan(20);
    expect(count((p) => p.beard.kind !== 'none')).toBeGreaterThan(15);
    expect(count((p) => p.skin.tone > 0.6)).toBeGreaterThan(15);
    expect(count((p) => p.skin.tone < 0.25)).toBeGreaterThan(50);
    expect(count((p) => p.pose.yaw > 0.2)).toBeGreaterThan(15);
  });

  it('gives equal people for equal seeds', () => {
    expect(drawPerson('a/1')).toEqual(drawPerson('a/1'));
    expect(drawPerson('a/1')).not.toEqual(drawPerson('a/2'));
  });

  it('names only targets that the head model has', async () => {
    if (!hasAssets) return;
    const { targets } = await loadHead({ assetsDir, cacheDir });
    const names = new Set(
      Array.from({ length: 100 }, (_, seed) => drawPerson(seed).targets.map(([name]) => name)).flat(),
    );
    expect([...names].filter((name) => !targets.has(name))).toEqual([]);
  });
});
