/** Many small pictures on one sheet. */
import sharp from 'sharp';
import { type HeadFolders, loadHead } from './head-load.ts';
import { faceSeed } from './messages.ts';
import { renderFace } from './render.ts';

/**
 * @param images square sRGB pictures of `size` x `size` x 3 bytes.
 * @returns the PNG file's bytes: the pictures row by row, `columns` to a row.
 */
export async function contactSheet(
  images: readonly Uint8Array[],
  size: number,
  columns = Math.ceil(Math.sqrt(images.length)),
): Promise<Buffer> {
  const rows = Math.ceil(images.length / columns);
  const width = columns * size;
  const sheet = Buffer.alloc(width * rows * size * 3, 255);
  images.forEach((image, i) => {
    const left = (i % columns) * size;
    const top = Math.floor(i / columns) * size;
    for (let y = 0; y < size; y++) {
      sheet.set(image.subarray(y * size * 3, (y + 1) * size * 3), ((top + y) * width + left) * 3);
    }
  });
  return sharp(sheet, { raw: { width, height: rows * size, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * The first faces of the built-in set of that seed, on one sheet.
 * @param sheet count: how many; size: the side of each in pixels.
 * @returns the PNG file's bytes.
 * @throws UserError if the head model is missing.
 */
export async function faceSheet(
  sheet: HeadFolders & { count: number; size: number; seed: number },
): Promise<Buffer> {
  const head = await loadHead(sheet);
  const images = Array.from({ length: sheet.count }, (_, face) =>
    renderFace(head, faceSeed(sheet.seed, face), sheet.size),
  );
  return contactSheet(images, sheet.size);
}
