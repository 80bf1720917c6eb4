/** Pictures in rows and columns with captions, as a PNG. */

import sharp, { type OverlayOptions } from 'sharp';
import { fromRgb, type RgbImage } from './decode.ts';

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

/**
 * Lays pictures of one size out in rows, row by row, as the bytes of a PNG file. Small pictures are enlarged by whole
 * pixels so that a person can see them.
 *
 * @param files images of `width` x `height` px: paths, or the bytes of files.
 */
export async function contactSheet(
  files: readonly (string | Buffer)[],
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

/**
 * Letters as strokes, for the captions of grids of pictures: the machine that draws may have no fonts. Each glyph lies
 * on a grid 4 wide and 6 high (0,0 is the top left; descenders reach 8): corners as pairs of digits, lines apart by `|`.
 */
const glyphs: Record<string, string> = {
  A: '06 20 46|14 34',
  B: '00 06 36 45 44 33 03|33 42 41 30 00',
  C: '41 30 10 01 05 16 36 45',
  D: '00 06 26 44 42 20 00',
  E: '40 00 06 46|03 33',
  F: '40 00 06|03 33',
  G: '41 30 10 01 05 16 36 45 43 23',
  H: '00 06|40 46|03 43',
  I: '10 30|20 26|16 36',
  J: '40 45 36 16 05',
  K: '00 06|40 03 46',
  L: '00 06 46',
  M: '06 00 23 40 46',
  N: '06 00 46 40',
  O: '10 30 41 45 36 16 05 01 10',
  P: '06 00 30 41 42 33 03',
  Q: '10 30 41 45 36 16 05 01 10|24 47',
  R: '06 00 30 41 42 33 03|23 46',
  S: '41 30 10 01 02 13 33 44 45 36 16 05',
  T: '00 40|20 26',
  U: '00 05 16 36 45 40',
  V: '00 26 40',
  W: '00 16 22 36 40',
  X: '00 46|40 06',
  Y: '00 23 40|23 26',
  Z: '00 40 06 46',
  a: '12 32 43 46|44 14 05 16 36 45',
  b: '00 06 36 45 43 32 02',
  c: '43 32 12 03 05 16 36 45',
  d: '40 46 16 05 03 12 42',
  e: '04 44 43 32 12 03 05 16 36',
  f: '40 30 21 26|02 42',
  g: '42 12 03 05 16 46|42 47 38 18',
  h: '00 06|03 12 32 43 46',
  i: '20 21|12 22 26|16 36',
  j: '30 31|22 32 37 28 18',
  k: '00 06|42 04|14 46',
  l: '10 20 25 36',
  m: '06 02 12 23 26|23 32 43 46',
  n: '02 06|03 12 32 43 46',
  o: '12 32 43 45 36 16 05 03 12',
  p: '02 08|02 32 43 45 36 06',
  q: '42 48|42 12 03 05 16 46',
  r: '02 06|04 22 42',
  s: '42 12 03 14 34 45 36 06',
  t: '20 25 36 46|02 42',
  u: '02 05 16 36 45|42 46',
  v: '02 26 42',
  w: '02 16 23 36 42',
  x: '02 46|42 06',
  y: '02 25|42 18',
  z: '02 42 06 46',
  0: '10 30 41 45 36 16 05 01 10|05 41',
  1: '11 20 26|16 36',
  2: '01 10 30 41 42 06 46',
  3: '01 10 30 41 42 33 13|33 44 45 36 16 05',
  4: '36 30 04 44',
  5: '40 00 03 33 44 45 36 06',
  6: '40 20 02 05 16 36 45 44 33 03',
  7: '00 40 16',
  8: '13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33',
  9: '43 13 02 01 10 30 41 44 26 06',
  ' ': '',
  '.': '25 26',
  ',': '25 17',
  ':': '22 23|25 26',
  '=': '02 42|05 45',
  '-': '03 43',
  '+': '03 43|21 25',
  _: '06 46',
  '(': '30 12 14 36',
  ')': '10 32 34 16',
  '/': '40 06',
  '|': '20 27',
};

/** A box, for what has no glyph. */
const unknown = '00 40 46 06 00';

/** Width of a text in units; its height is 9 with descenders. */
export const textWidth = (text: string): number => text.length * 6;

/** A text's strokes as SVG path data, its top left corner at (x, y), `unit` px for each unit of the grid. */
export function textPath(text: string, x: number, y: number, unit: number): string {
  return [...text]
    .flatMap((character, index) =>
      (glyphs[character] ?? unknown)
        .split('|')
        .filter((line) => line !== '')
        .map((line) => {
          const corners = line
            .split(' ')
            .map((pair) => `${x + (index * 6 + Number(pair[0])) * unit} ${y + Number(pair[1]) * unit}`);
          return `M${corners.join('L')}`;
        }),
    )
    .join('');
}
