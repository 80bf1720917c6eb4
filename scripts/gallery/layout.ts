/** The pages of the gallery: what was given beside what came of it. */
import sharp, { type OverlayOptions } from 'sharp';
import { textPath, textWidth } from '../../src/data/picture-grid.ts';

/** Side of a picture, px. */
export const cell = 236;
/** Between pictures, and between groups of them. */
const gap = 6;
const wideGap = 30;
/** Height of a line of text, and px for each unit of its letters' grid. */
const textHeight = 42;
const letterSize = 3;
/** From the top of a line of text to its letters. */
const textTop = 13;

interface Text {
  readonly text: string;
  /** Where it begins, and by how many degrees it is turned about that. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly turn?: number;
}

/** PNG pictures of any square size and texts, on white. */
export interface Page {
  readonly width: number;
  readonly height: number;
  readonly pictures: readonly { readonly input: Buffer; readonly left: number; readonly top: number }[];
  readonly texts: readonly Text[];
}

/** Edits in rows of two. Of each the title, and under it the pictures from left to right, three. */
export function editsPage(
  edits: readonly { readonly title: string; readonly pictures: readonly Buffer[] }[],
): Page {
  const rowHeight = textHeight + cell + gap;
  const groupWidth = 3 * (cell + gap) + wideGap - gap;
  const places = edits.map((edit, i) => ({
    ...edit,
    left: gap + (i % 2) * groupWidth,
    top: Math.floor(i / 2) * rowHeight,
  }));
  return {
    width: gap + 2 * groupWidth - wideGap + gap,
    height: Math.ceil(edits.length / 2) * rowHeight,
    pictures: places.flatMap(({ pictures, left, top }) =>
      pictures.map((input, i) => ({ input, left: left + i * (cell + gap), top: top + textHeight })),
    ),
    texts: places.map(({ title, left, top }) => ({
      text: title,
      x: left + 1,
      y: top + textTop,
      size: letterSize,
    })),
  };
}

/**
 * Somebody's pictures in two rows: what is given in the first column, and what was made of it, a column each.
 *
 * @param columns their captions. @param rows what is in the rows, but for the first column.
 */
export function stripsPage(
  columns: readonly string[],
  rows: readonly [string, string],
  people: readonly (readonly (readonly [Buffer, Buffer])[])[],
): Page {
  const left = (column: number) => gap + column * (cell + gap) + (column > 0 ? wideGap - gap : 0);
  const top = (person: number, row: number) =>
    textHeight + person * (2 * (cell + gap) + wideGap - gap) + row * (cell + gap);
  return {
    width: left(columns.length - 1) + cell + gap,
    height: top(people.length - 1, 1) + cell + gap,
    pictures: people.flatMap((pictures, person) =>
      pictures.flatMap((column, x) =>
        column.map((input, row) => ({ input, left: left(x), top: top(person, row) })),
      ),
    ),
    texts: [
      ...columns.map((text, column) => ({
        text,
        x: left(column) + (cell - textWidth(text) * letterSize) / 2,
        y: textTop,
        size: letterSize,
      })),
      // Up along the rows, in the wide gap.
      ...people.flatMap((_, person) =>
        rows.map((text, row) => ({
          text,
          x: left(1) - wideGap + 7,
          y: top(person, row) + (cell + textWidth(text) * 2) / 2,
          size: 2,
          turn: -90,
        })),
      ),
    ],
  };
}

/** The page as JPEG. */
export async function drawPage({ width, height, pictures, texts }: Page): Promise<Buffer> {
  const cells = await Promise.all(
    pictures.map(async ({ input, ...place }) => ({
      ...place,
      input: await sharp(input).resize(cell, cell).toBuffer(),
    })),
  );
  const paths = texts.map(
    ({ text, x, y, size, turn = 0 }) =>
      `<path d="${textPath(text, 0, 0, size)}" transform="translate(${x} ${y}) rotate(${turn})" stroke-width="${size * 0.7}"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g fill="none" stroke="#222" stroke-linecap="round" stroke-linejoin="round">${paths.join('')}</g></svg>`;
  const layers: OverlayOptions[] = [...cells, { input: Buffer.from(svg), left: 0, top: 0 }];
  return sharp({ create: { width, height, channels: 3, background: 'white' } })
    .composite(layers)
    .jpeg({ quality: 80, mozjpeg: true })
    .toBuffer();
}
