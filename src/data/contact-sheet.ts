import sharp from 'sharp';

/**
 * Lays pictures of one size out in rows, row by row, as the bytes of a PNG file. Small pictures are enlarged by whole
 * pixels so that a person can see them.
 *
 * @param files image files of `width` x `height` px.
 */
export async function contactSheet(
  files: readonly string[],
  width: number,
  height: number,
  columns: number,
): Promise<Buffer> {
  const zoom = Math.max(1, Math.floor(192 / height));
  const gap = 4;
  const [stepX, stepY] = [width * zoom + gap, height * zoom + gap];
  const pictures = await Promise.all(
    files.map(async (file, i) => ({
      input: await sharp(file)
        .resize(width * zoom, height * zoom, { kernel: 'nearest' })
        .png()
        .toBuffer(),
      left: gap + (i % columns) * stepX,
      top: gap + Math.floor(i / columns) * stepY,
    })),
  );
  const rows = Math.ceil(files.length / columns);
  const sheet = { width: gap + Math.min(columns, files.length) * stepX, height: gap + rows * stepY };
  return sharp({ create: { ...sheet, channels: 3, background: '#808080' } })
    .composite(pictures)
    .png()
    .toBuffer();
}
