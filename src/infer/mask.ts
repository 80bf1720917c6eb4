/**
 * Masks: which pixels of a photo are the hole. Masks come in both polarities, a white hole in black and a black hole in
 * white (as in Photoshop, where black hides): the user says which it is, and a warning or an error tells of a mask that
 * looks like the other. They also come as a hole in the alpha channel, as labels, and as 0 and 1; what is black and what is
 * white is judged within the mask's own range.
 */
import { UserError } from '../runtime/errors.ts';
import { histogramOf } from './histogram.ts';
import type { Raster, Size } from './raster.ts';

/** The colour that the hole has in a mask. */
export type MaskHole = 'white' | 'black';

/** Mask values from here on are white, where the mask has both black and white. */
export const WHITE_FROM = 128;
/** A mask with values this dark and this light has both; of others the middle of their range parts black from white. */
const DARK = 64;
const LIGHT = 192;
/** A smaller range is one colour and noise. */
const LEAST_RANGE = 32;
/** A lossless mask with so many values at most has labels, or edges that are smoothed. */
const MOST_LABELS = 32;
/** Of the range from black to white: what lies between is neither. */
const MIDDLE = [0.15, 0.85] as const;
/** Edges that are smoothed, and the noise of JPEG, make less of a mask grey than this share. */
const EDGES = 0.02;
const SOFT = 0.15;
/** A mask of which more is grey is a photo. */
const PHOTO = 0.5;
/** A hole of a larger share of the photo is probably a mask of the other polarity. */
const LARGE_HOLE = 0.5;

/** A hole of one channel, see `Edit`, and what the user should know of how the mask was taken, a sentence each. */
export interface ReadHole extends Raster {
  readonly warnings: readonly string[];
}

/** A mask's pixels. */
export interface MaskPixels {
  /** One channel. */
  readonly grey: Raster;
  /** Undefined for a mask that is opaque everywhere. */
  readonly alpha?: Uint8Array | undefined;
  /** Whether each value is as it was drawn: of PNG, not of JPEG. */
  readonly isExact: boolean;
}

/** RGBA pixels as a mask. @param isExact see {@link MaskPixels}. */
export function maskOfPixels({ width, height, data }: Raster, isExact: boolean): MaskPixels {
  const grey = new Uint8Array(width * height);
  const alpha = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < grey.length; i++, from += 4) {
    // The weights of ITU-R BT.601.
    grey[i] = Math.round(0.299 * data[from] + 0.587 * data[from + 1] + 0.114 * data[from + 2]);
    alpha[i] = data[from + 3];
  }
  return { grey: { width, height, data: grey }, alpha, isExact };
}

/** A mask as a hole. @param where its file. @throws UserError when it looks like a photo. */
export function toHole(mask: MaskPixels, holeIs: MaskHole, where: string): ReadHole {
  return (mask.alpha && holeOfAlpha(mask, mask.alpha, holeIs)) ?? holeOfGrey(mask, holeIs, where);
}

/** The hole of a mask some of which is transparent; undefined where its transparent parts are just not painted. */
function holeOfAlpha({ grey }: MaskPixels, alpha: Uint8Array, holeIs: MaskHole): ReadHole | undefined {
  const isOpaque = (i: number) => alpha[i] >= WHITE_FROM;
  const opaque = grey.data.filter((_, i) => isOpaque(i));
  const transparent = 1 - opaque.length / alpha.length;
  if (transparent === 0 || transparent === 1) return undefined;
  const { low, high, middle } = histogramOf(opaque, MIDDLE);
  const hasHoleColour = holeIs === 'white' ? high >= WHITE_FROM : low < WHITE_FROM;
  const isPhoto = high - low >= LEAST_RANGE && middle > SOFT;
  if (hasHoleColour && !isPhoto) return undefined;
  // One colour on nothing is what someone has marked; a picture with nothing in it is a hole that was cut out.
  const marked = high - low < LEAST_RANGE && transparent > 0.5;
  const hole = grey.data.map((_, i) => (isOpaque(i) === marked ? 255 : 0));
  const share = percent(marked ? 1 - transparent : transparent);
  const warning = marked
    ? `the mask is marks of one colour on nothing; these are taken as the hole, ${share} of it`
    : `the mask is transparent in ${share} of it; that is taken as the hole`;
  return { width: grey.width, height: grey.height, data: hole, warnings: [warning] };
}

function holeOfGrey({ grey, alpha, isExact }: MaskPixels, holeIs: MaskHole, where: string): ReadHole {
  // What is transparent is no hole.
  const known = holeIs === 'white' ? 0 : 255;
  const values = alpha
    ? grey.data.map((value, i) => Math.round((value * alpha[i] + known * (255 - alpha[i])) / 255))
    : grey.data;
  const { low, high, middle, distinct } = histogramOf(values, MIDDLE);
  const warnings: string[] = [];
  let whiteFrom = WHITE_FROM;
  const isTwoValued = isExact && distinct === 2;
  if (isExact && distinct > 2 && distinct <= MOST_LABELS && middle > EDGES) {
    whiteFrom = low + 1;
    const kept = holeIs === 'white' ? `all but ${low} are` : `${low} is`;
    warnings.push(
      `the mask has ${distinct} labels, values from ${low} to ${high}; ${kept} taken as the hole`,
    );
  } else if (isTwoValued || high - low >= LEAST_RANGE) {
    if (middle > PHOTO) throw looksLikePhoto(where, middle, holeIs);
    if (low > DARK || high < LIGHT) {
      whiteFrom = Math.ceil((low + high) / 2);
      warnings.push(`the mask’s values go from ${low} to ${high}; ${whiteFrom} and more are taken as white`);
    }
    if (middle > SOFT)
      warnings.push(`${percent(middle)} of the mask is neither black nor white; is it a mask, not a photo?`);
  }
  const hole = values.map((value) => (value >= whiteFrom === (holeIs === 'white') ? 255 : 0));
  return { width: grey.width, height: grey.height, data: hole, warnings };
}

const percent = (part: number): string => {
  const value = 100 * part;
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(1))} %`;
};

function looksLikePhoto(where: string, middle: number, holeIs: MaskHole): UserError {
  return new UserError('The mask looks like a photo.', {
    where,
    expected: `${holeIs} where the photo is to change, ${otherThan(holeIs)} elsewhere`,
    got: `a picture of which ${percent(middle)} is neither black nor white`,
    fix: 'give the file of the mask; one with very soft edges must be made black and white first',
  });
}

/** A hole at a photo's size, scaled by nearest neighbours. */
export function fitHole(hole: Raster, { width, height }: Size): Raster {
  if (hole.width === width && hole.height === height) return hole;
  const data = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * hole.height) / height) * hole.width;
    for (let x = 0; x < width; x++, i++)
      data[i] = hole.data[row + Math.floor(((x + 0.5) * hole.width) / width)];
  }
  return { width, height, data };
}

/**
 * Checks a hole that was read with that polarity.
 *
 * @param where the mask's file. @returns a warning when the hole is so large that the polarity is probably the other.
 * @throws UserError when the hole is empty or everything.
 */
export function checkHole(hole: Raster, where: string, holeIs: MaskHole): string | undefined {
  const part = share(hole, (value) => value !== 0);
  const other = otherThan(holeIs);
  if (part === 0 || part === 1) {
    throw new UserError(part === 0 ? 'The mask has no hole.' : 'The mask is all hole.', {
      where,
      expected: `${holeIs} where the photo is to change, ${other} elsewhere`,
      got: `${part === 0 ? other : holeIs} all over`,
      // The other polarity would be no better.
      fix: `paint what is to change in ${holeIs} and the rest in ${other}`,
    });
  }
  if (part <= LARGE_HOLE) return undefined;
  return `the hole is ${Math.round(100 * part)} % of the photo; if ${other} is what is to change, give --mask-hole ${other} (in code maskHole: '${other}')`;
}

/** The share of a one-channel raster for which `is` holds. */
function share({ data }: Raster, is: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (is(data[i])) count++;
  return count / data.length;
}

const otherThan = (holeIs: MaskHole): MaskHole => (holeIs === 'white' ? 'black' : 'white');
