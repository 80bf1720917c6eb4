/** Results as PNG files: photos, sketches and images, and the sheet that shows a job's results side by side. */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { CAPTIONS } from '../core/vocabulary.ts';
import { fromRgb, type RgbImage } from '../data/decode.ts';
import { drawPictures, type GridColumn } from '../data/picture-grid.ts';
import type { NetworkInput } from './network-input.ts';
import { AFTER_HEADER, pngChunk } from './png-chunk.ts';
import type { Raster } from './raster.ts';

/** RGBA bytes as PNG, without the alpha channel if it is not wanted. @param profile the ICC profile of the RGB values. */
export async function encodePhoto(photo: Raster, alpha: boolean, profile?: Buffer): Promise<Buffer> {
  const { data, width, height } = photo;
  const image = sharp(data, { raw: { width, height, channels: 4 } });
  const png = await (alpha ? image : image.removeAlpha()).png().toBuffer();
  return profile ? withProfile(png, profile) : png;
}

/** RGB bytes as PNG. */
export const encodeRgb = (image: RgbImage): Promise<Buffer> => fromRgb(image).png().toBuffer();

/** Values [s,s,channels] in [-1, 1], channels 1 or 3, as RGB bytes; rounded, what lies outside is clipped. */
export function toRgb(values: Float32Array, side: number): RgbImage {
  const channels = values.length / (side * side);
  const data = Buffer.alloc(side * side * 3);
  for (let i = 0; i < data.length; i++) {
    const value = values[channels === 3 ? i : Math.floor(i / 3)];
    data[i] = Math.round(Math.min(255, Math.max(0, (value + 1) * 127.5)));
  }
  return { data, width: side, height: side };
}

/**
 * Puts a colour profile into a PNG, which says what its values mean and changes none: sharp would convert them. The
 * chunk iCCP (PNG specification, 11.3.2.3) follows the header.
 */
function withProfile(png: Buffer, profile: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from('ICC profile\0\0', 'latin1'), deflateSync(profile)]);
  const parts = [png.subarray(0, AFTER_HEADER), pngChunk('iCCP', content), png.subarray(AFTER_HEADER)];
  return Buffer.concat(parts);
}

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
