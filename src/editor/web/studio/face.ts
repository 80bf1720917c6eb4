/** Asks the server where the face is. */
import type { Raster, Region } from '../../../infer/raster.ts';
import { faceFrame } from '../../wire.ts';
import { postToServer } from '../engines/server.ts';
import { context, rgbaOf } from './images.ts';

/** The square of the largest face, px of the photo, framed as in training; undefined when none is found. */
export async function findFace({ data: pixels, width, height }: Raster): Promise<Region | undefined> {
  const picture = await createImageBitmap(new ImageData(rgbaOf(pixels), width, height));
  const scale = faceFrame / Math.max(width, height);
  const canvas = context({ width: faceFrame, height: faceFrame });
  canvas.fillStyle = 'grey';
  canvas.fillRect(0, 0, faceFrame, faceFrame);
  canvas.drawImage(picture, 0, 0, width * scale, height * scale);
  picture.close();
  const { data } = canvas.getImageData(0, 0, faceFrame, faceFrame);
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) rgb.set(data.subarray(i, i + 3), o);
  const answer = new TextDecoder().decode(await postToServer('api/face', rgb));
  const { face } = JSON.parse(answer) as { face: Region | null };
  const toPhoto = (length: number) => Math.round(length / scale);
  return face ? { x: toPhoto(face.x), y: toPhoto(face.y), size: toPhoto(face.size) } : undefined;
}
