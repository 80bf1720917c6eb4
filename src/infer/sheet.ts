/** The picture that shows a job's results side by side. */
import { CAPTIONS } from '../core/vocabulary.ts';
import type { RgbImage } from '../data/decode.ts';
import { drawPictures, type GridColumn } from '../data/picture-grid.ts';
import type { NetworkInput } from './network-input.ts';
import { toRgb } from './png.ts';

/** What was made at one l; undefined where the method has none. */
export interface SheetRow {
  readonly l: number | undefined;
  /** The degraded sketch that the networks saw. */
  readonly roughSketch?: RgbImage | undefined;
  readonly refinedSketch?: RgbImage | undefined;
  readonly firstImage?: RgbImage | undefined;
  readonly result: RgbImage;
}

/**
 * Draws, as PNG, what the network was given and a row for each l: the degraded sketch, S_gen, I_gen, I_out.
 *
 * @param isEdit whether there is a photo with a hole; else a sketch alone.
 */
export async function drawSheet(
  input: NetworkInput,
  resolution: number,
  isEdit: boolean,
  rows: readonly SheetRow[],
): Promise<Buffer> {
  const given: GridColumn[] = isEdit
    ? [
        { caption: 'photo', pictures: [toRgb(input.image, resolution)] },
        {
          caption: input.colour ? 'hole and drawing' : input.sketch.includes(-1) ? 'hole and sketch' : 'hole',
          pictures: [toRgb(drawingInHole(input), resolution)],
        },
      ]
    : [{ caption: 'sketch', pictures: [toRgb(input.sketch, resolution)] }];
  const made: GridColumn[] = [
    { caption: 'rough sketch', pictures: rows.map(({ roughSketch }) => roughSketch) },
    { caption: CAPTIONS.refinedSketch, pictures: rows.map(({ refinedSketch }) => refinedSketch) },
    { caption: CAPTIONS.firstImage, pictures: rows.map(({ firstImage }) => firstImage) },
    { caption: CAPTIONS.result, pictures: rows.map(({ result }) => result) },
  ];
  const columns = [...given, ...made.filter(({ pictures }) => pictures.some(Boolean))];
  const captions = rows.map(({ l }) => (l === undefined ? '' : `l = ${l}`));
  return (await drawPictures(columns, resolution, captions)).png;
}

/** The photo outside the hole; inside lines over strokes of colour over paper [r,r,3]. */
function drawingInHole({ image, hole, sketch, colour }: NetworkInput): Float32Array {
  return image.map((value, i) => {
    const pixel = Math.floor(i / 3);
    if (hole[pixel] !== 1) return value;
    const isStroke = colour?.[4 * pixel + 3] === 1 && sketch[pixel] !== -1;
    return isStroke ? colour[4 * pixel + (i % 3)] : sketch[pixel];
  });
}
