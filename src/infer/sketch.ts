/** Sketches as people draw, scan and photograph them, made black lines on white paper. */
import { UserError } from '../runtime/errors.ts';
import { histogramOf } from './histogram.ts';
import { LINE_BELOW } from './network-input.ts';
import type { Raster } from './raster.ts';

/** What is darker than the paper by less than this share of the darkest line's contrast is no line. */
const FAINT = 0.25;
/** The noise of scanners and of JPEG is within so many levels of the paper. */
const NOISE = 12;
/** Of clean paper with black lines, what is no line differs from it by less than this. */
const CLEAN = 255 - LINE_BELOW;
/** Specks are a smaller share of a drawing than its darkest lines. */
const SPECKS = 0.0002;
/** Drawings have less ink than this; more is shading, or a photo. */
const MUCH_INK = 0.3;

/** The light on a drawing is looked at in so many places along its longer side. */
const PLACES = 16;
/** Of the values of a place, the one that is paper: lines cover less of it. */
const PAPER = 0.8;
/** Light that differs by less than this share is even. */
const EVEN = 0.15;

/**
 * RGBA pixels as a drawing of lines on paper or on nothing: one channel, the darkest of its colours, so that yellow pencil
 * is as dark as black. Light lines on nothing become dark ones on white.
 */
export function sketchOfPixels({ width, height, data }: Raster): Raster {
  const drawn = new Uint8Array(width * height);
  const covered = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < drawn.length; i++, from += 4) {
    const alpha = data[from + 3];
    const value = Math.min(data[from], data[from + 1], data[from + 2]);
    drawn[i] = Math.round(255 + ((value - 255) * alpha) / 255);
    covered[i] = 255 - alpha;
  }
  const isWhite = drawn.every((value) => value >= 250);
  return { width, height, data: isWhite && covered.some((value) => value > 0) ? covered : drawn };
}

/** Told of a picture of colour strokes that has no place without a stroke. */
export const opaqueStrokes = (where: string): UserError =>
  new UserError('The picture of colour strokes has no alpha channel.', {
    where,
    expected: 'strokes on nothing: transparent wherever there is no stroke, as PNG and WebP can be',
    got: 'a picture that is opaque everywhere',
    fix: 'draw the strokes on an empty layer, and export that layer alone',
  });

export interface Drawing {
  /** One channel, see `Edit`. */
  readonly sketch: Raster;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * A drawing as black lines on white, whatever its paper and its pencil: what is clearly darker than the paper is line, or
 * lighter where the paper is black. Black lines on white paper stay as they are.
 *
 * @param given of one channel. @param where its file. @throws UserError when it is black all over.
 */
export function blackOnWhite(given: Raster, where: string): Drawing {
  const drawn = evenlyLit(given);
  const { median, quantile } = histogramOf(drawn.data);
  const [darkest, lightest] = [quantile(SPECKS), quantile(1 - SPECKS)];
  const isInverted = median < 128 && lightest - median > median - darkest;
  if (median < 128 && lightest - median <= NOISE && median - darkest <= NOISE) {
    throw new UserError('The sketch is mostly black.', {
      where,
      expected: 'dark lines on light paper, or light lines on dark paper',
      got: `${median} of 255 all over, and no line`,
    });
  }
  const [paper, ink] = isInverted ? [255 - median, 255 - lightest] : [median, darkest];
  const limit = Math.min(CLEAN, Math.max(NOISE, FAINT * (paper - ink)));
  const warnings: string[] = [];
  let sketch = drawn;
  if (isInverted || paper < 255 || limit < CLEAN) {
    // What differs from the paper by the limit becomes the lightest line.
    const scale = CLEAN / limit;
    const data = drawn.data.map((value) => {
      const darker = paper - (isInverted ? 255 - value : value);
      return Math.min(255, Math.max(0, Math.round(255 - scale * darker)));
    });
    sketch = { ...drawn, data };
  }
  if (isInverted) warnings.push('the sketch is light lines on dark paper; it is inverted');
  let count = 0;
  for (const value of sketch.data) if (value < LINE_BELOW) count++;
  const share = count / sketch.data.length;
  if (share > MUCH_INK)
    warnings.push(
      `${Math.round(100 * share)} % of the sketch is ink; is it a drawing of lines, not a photo?`,
    );
  return { sketch, warnings };
}

/** A drawing on light paper that was photographed in uneven light, as if the light had been even; others as they are. */
function evenlyLit(drawn: Raster): Raster {
  const { width, height, data } = drawn;
  const { median } = histogramOf(data);
  if (median < 96 || median === 255) return drawn;
  const side = Math.ceil(Math.max(width, height) / PLACES);
  const [columns, rows] = [Math.ceil(width / side), Math.ceil(height / side)];
  const light = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const part: number[] = [];
      for (let y = row * side; y < Math.min(height, (row + 1) * side); y++)
        for (let x = column * side; x < Math.min(width, (column + 1) * side); x++)
          part.push(data[y * width + x]);
      // What is much darker is ink, not shadow.
      light[row * columns + column] = Math.max(
        median / 2,
        histogramOf(Uint8Array.from(part)).quantile(PAPER),
      );
    }
  }
  const sorted = light.toSorted();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  if (at(0.95) - at(0.05) < EVEN * at(0.95)) return drawn;
  // Between the middles of the places the light changes steadily.
  const between = (position: number, count: number) => {
    const exact = Math.min(count - 1, Math.max(0, (position + 0.5) / side - 0.5));
    const first = Math.min(Math.floor(exact), Math.max(0, count - 2));
    return { first, second: Math.min(count - 1, first + 1), weight: exact - first };
  };
  const lit = new Uint8Array(data.length);
  for (let y = 0, i = 0; y < height; y++) {
    const v = between(y, rows);
    for (let x = 0; x < width; x++, i++) {
      const h = between(x, columns);
      const along = (row: number) =>
        light[row * columns + h.first] * (1 - h.weight) + light[row * columns + h.second] * h.weight;
      const paper = along(v.first) * (1 - v.weight) + along(v.second) * v.weight;
      lit[i] = Math.min(255, Math.round((255 * data[i]) / paper));
    }
  }
  return { ...drawn, data: lit };
}
