/** Sketches as people draw, scan and photograph them, made black lines on white paper. */
import { UserError } from '../runtime/errors.ts';
import { LINE_BELOW } from './network-input.ts';
import type { Raster } from './raster.ts';
import { histogramOf } from './read.ts';

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
 * @param drawn of one channel. @param where its file. @throws UserError when it is black all over.
 */
export function blackOnWhite(drawn: Raster, where: string): Drawing {
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
