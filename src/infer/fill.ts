/**
 * A fill from pixels to pixels, but for the network: the pictures are checked, what the network is given is made of them,
 * and what it draws is put into the photo. Commands, the page and other people's programs run this code, so that the pixels
 * are the same.
 */
import { UserError } from '../runtime/errors.ts';
import { blend } from './blend.ts';
import { checkHole, fitHole, type MaskHole, type ReadHole } from './mask.ts';
import {
  isStroke,
  LINE_BELOW,
  type NetworkInput,
  networkInput,
  reduceHole,
  thinLines,
} from './network-input.ts';
import type { Edit, Raster, Region, Size } from './raster.ts';
import { chooseRegion, holeParts, type RegionChoice } from './region.ts';
import type { Drawing } from './sketch.ts';

/** Shapes count as equal when one, at the other's width, differs in height by no more than this share. */
const SHAPE_TOLERANCE = 0.02;

/** Pictures as they were read. */
export interface EditPictures {
  /** RGBA. */
  readonly photo: Raster;
  readonly mask: ReadHole;
  readonly sketch?: Drawing | undefined;
  /** RGBA, see {@link Edit}. */
  readonly strokes?: Raster | undefined;
}

export interface CheckedEdit extends Edit {
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Pictures that belong together as an edit.
 *
 * @param names what errors call the pictures, such as their files.
 * @throws UserError when one is not of the photo's shape, or the mask has no hole or nothing else.
 */
export function checkedEdit(
  { photo, mask, sketch, strokes }: EditPictures,
  names: {
    readonly mask: string;
    readonly sketch?: string | undefined;
    readonly colour?: string | undefined;
  },
  holeIs: MaskHole,
): CheckedEdit {
  requireShape('mask', names.mask, mask, photo);
  if (sketch) requireShape('sketch', names.sketch, sketch.sketch, photo);
  if (strokes) requireShape('picture of colour strokes', names.colour, strokes, photo);
  const hole = fitHole(mask, photo);
  const warnings = [...mask.warnings, ...(sketch?.warnings ?? [])];
  const largeHole = checkHole(hole, names.mask, holeIs);
  if (largeHole) warnings.push(largeHole);
  const lines = sketch?.sketch;
  if (lines && !touchesHole(lines, (pixel) => lines.data[pixel] < LINE_BELOW, hole))
    warnings.push('the sketch has no line inside the hole');
  if (strokes && !touchesHole(strokes, (pixel) => isStroke(strokes, pixel), hole))
    warnings.push('no stroke of colour is inside the hole; what is outside is ignored');
  return { photo, hole, sketch: lines ?? paper(photo), strokes, warnings };
}

/** What a network is given to fill the hole of a photo, and what becomes of what it draws. */
export interface Fill {
  /** One after the other: small holes far apart are filled one by one. */
  readonly inputs: readonly NetworkInput[];
  /** What of the photo each input shows. */
  readonly regions: readonly Region[];
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
  /** The photo with its hole filled. @param results of the inputs, [s,s,3] in [-1, 1]. @param detail see `blend` (blend.ts). */
  blended(results: readonly Float32Array[], detail: boolean): Raster;
  /**
   * Refined sketches with paper outside the hole, which a person expects: there they are neither line nor paper.
   *
   * @param sketches of the inputs, [side,side] in [-1, 1].
   */
  onPaper(sketches: readonly Float32Array[], side: number): Float32Array[];
}

/**
 * @param resolution side of the network's input, px.
 * @param face the square of the photo's face, for the choice `face`; without it that is the hole's surroundings.
 */
export function fillOf(edit: Edit, choice: RegionChoice, resolution: number, face?: Region): Fill {
  const { photo, hole } = edit;
  // A part is given the photo as it is: what another part changes is not in its region.
  const holes = choice === 'hole' ? holeParts(hole, resolution) : [hole];
  const regions = holes.map((part) => chooseRegion(choice, part, resolution, face));
  const many = `the hole has ${holes.length} parts far apart, which are filled one by one`;
  return {
    inputs: holes.map((part, i) => networkInput({ ...edit, hole: part }, regions[i], resolution)),
    regions,
    warnings: holes.length > 1 ? [many] : [],
    blended(results, detail) {
      let whole = photo;
      for (const [i, result] of results.entries())
        whole = { ...photo, data: blend(whole, holes[i], result, regions[i], detail) };
      return whole;
    },
    onPaper: (sketches, side) =>
      sketches.map((sketch, i) => {
        const inHole = reduceHole(holes[i], regions[i], side);
        return sketch.map((value, pixel) => (inHole[pixel] ? value : 1));
      }),
  };
}

/** What a network that draws whole faces is given. @param resolution side of its input, px. */
export function drawingInput({ sketch, warnings }: Drawing, resolution: number) {
  const square = squareOnPaper(sketch);
  const lines = thinLines(square, square, { x: 0, y: 0, size: square.width }, resolution);
  const input: NetworkInput = {
    image: new Float32Array(resolution * resolution * 3),
    hole: new Float32Array(resolution * resolution).fill(1),
    sketch: Float32Array.from(lines, (line) => 1 - 2 * line),
  };
  return { input, warnings: [...warnings, ...(lines.includes(1) ? [] : ['the sketch has no line'])] };
}

/** A sketch of one channel in the middle of a square of paper, as wide as its longer side. */
function squareOnPaper(sketch: Raster): Raster {
  const { width, height, data } = sketch;
  if (width === height) return sketch;
  const side = Math.max(width, height);
  const [left, top] = [Math.floor((side - width) / 2), Math.floor((side - height) / 2)];
  const square = new Uint8Array(side * side).fill(255);
  for (let y = 0; y < height; y++) {
    square.set(data.subarray(y * width, (y + 1) * width), (top + y) * side + left);
  }
  return { width: side, height: side, data: square };
}

/** Throws a UserError unless a mask or sketch (`what`) is a photo's size or at least its shape. */
function requireShape(what: string, where: string | undefined, part: Size, photo: Size): void {
  const difference = (part.width * photo.height) / (part.height * photo.width) - 1;
  // At a small size rounding to whole pixels alone can make more of a difference.
  const onePixel = 1 / Math.min(part.width, part.height);
  if (Math.abs(difference) <= Math.max(SHAPE_TOLERANCE, onePixel)) return;
  const turned = Math.abs((part.width * photo.width) / (part.height * photo.height) - 1) <= SHAPE_TOLERANCE;
  throw new UserError(`The ${what} is not of its photo’s shape.`, {
    where,
    expected: `${photo.width} x ${photo.height} px as the photo, or another size of that shape`,
    got: `${part.width} x ${part.height} px`,
    fix: turned
      ? `turn the ${what} by 90 degrees: photos are taken upright, as their EXIF orientation says`
      : undefined,
  });
}

/** A sketch without a line. */
const paper = ({ width, height }: Raster): Raster => ({
  width,
  height,
  data: new Uint8Array(width * height).fill(255),
});

/** Whether a marked pixel lies in the hole; where the drawing is of another size its pixels are looked up there. */
function touchesHole(drawing: Size, isMarked: (pixel: number) => boolean, hole: Raster): boolean {
  for (let y = 0, i = 0; y < drawing.height; y++) {
    const row = Math.floor(((y + 0.5) * hole.height) / drawing.height) * hole.width;
    for (let x = 0; x < drawing.width; x++, i++) {
      if (isMarked(i) && hole.data[row + Math.floor(((x + 0.5) * hole.width) / drawing.width)]) return true;
    }
  }
  return false;
}
