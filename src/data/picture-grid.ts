/** Pictures in rows and columns with captions, as a PNG. */
import sharp, { type OverlayOptions } from 'sharp';
import { fromRgb, type RgbImage } from './decode.ts';
import { textPath, textWidth } from './lettering.ts';

export interface GridImage {
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
}

export interface GridColumn {
  readonly caption: string;
  /** From the top; a place without a picture stays white. */
  readonly pictures: readonly (RgbImage | undefined)[];
}

const gap = 4;
const captionHeight = 20;
/** Px for each unit of the letters' grid, at most. */
const letterSize = 1.5;

/**
 * Draws pictures as a grid. All are drawn as squares of `side` px, small ones enlarged to 128 px. The caption is above
 * its column, that of a row, if there are any, before it.
 */
export async function drawPictures(
  columns: readonly GridColumn[],
  side: number,
  rowCaptions: readonly string[] = [],
): Promise<GridImage> {
  const cell = Math.max(128, side);
  const rows = Math.max(...columns.map(({ pictures }) => pictures.length));
  const widest = Math.max(0, ...rowCaptions.map(textWidth));
  const margin = widest > 0 ? Math.ceil(widest * letterSize) + gap : 0;
  const width = margin + columns.length * (cell + gap) + gap;
  const height = rows * (cell + gap) + gap + captionHeight;
  const layers: OverlayOptions[] = [];
  const captions = rowCaptions.map((caption, row) =>
    textPath(caption, gap, captionHeight + gap + row * (cell + gap) + cell / 2 - 4 * letterSize, letterSize),
  );
  for (const [column, { caption, pictures }] of columns.entries()) {
    const left = margin + gap + column * (cell + gap);
    const unit = Math.min(letterSize, (cell - gap) / textWidth(caption));
    captions.push(textPath(caption, left + (cell - textWidth(caption) * unit) / 2, 5, unit));
    for (const [row, picture] of pictures.entries()) {
      if (!picture) continue;
      // Nearest neighbours: a person judges the network's own pixels.
      const square = fromRgb(picture).resize(cell, cell, { kernel: 'nearest', fit: 'fill' });
      const input = await square.png().toBuffer();
      layers.push({ input, left, top: captionHeight + gap + row * (cell + gap) });
    }
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><path d="${captions.join('')}" fill="none" stroke="#222" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  layers.push({ input: Buffer.from(svg), left: 0, top: 0 });
  const background = { r: 255, g: 255, b: 255 };
  const png = await sharp({ create: { width, height, channels: 3, background } })
    .composite(layers)
    .png()
    .toBuffer();
  return { png, width, height };
}
