/** Renders faces into files, on the threads of {@link renderFaces}. */
import { open, rename } from 'node:fs/promises';
import sharp from 'sharp';
import { renderFace } from './faces.ts';
import { loadHead } from './load-head.ts';

/** What the faces of a set have in common. */
export interface FaceForm {
  readonly assetsDir: string;
  readonly cacheDir: string;
  /** Side, px. */
  readonly size: number;
}

// There are as many threads as cores already.
sharp.concurrency(1);

let head: ReturnType<typeof loadHead> | undefined;

/** Renders the face of a seed into a PNG file, which appears under its name only when complete. */
export async function renderFaceFile(form: FaceForm, seed: string, file: string): Promise<void> {
  const { size } = form;
  head ??= loadHead(form);
  const image = renderFace(await head, seed, size);
  const png = await sharp(image, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(png);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
