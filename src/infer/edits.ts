/** From files to an edit that a network can be given, with what is wrong or odd about it told. */
import { UserError } from '../runtime/errors.ts';
import type { Job } from './jobs.ts';
import { checkHole, fitHole, type MaskHole, readHole, toHole } from './mask.ts';
import { isStroke, LINE_BELOW } from './network-input.ts';
import type { Edit, Raster, Size } from './raster.ts';
import { type Photo, readPhoto, readSketch, readStrokes } from './read.ts';
import { blackOnWhite, type Drawing } from './sketch.ts';

/** Shapes count as equal when one, at the other's width, differs in height by no more than this share. */
const SHAPE_TOLERANCE = 0.02;

export interface ReadEdit extends Edit {
  readonly source: Photo;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a photo, its hole and, where there are such, its sketch and its strokes of colour.
 *
 * @throws UserError when they cannot be used.
 */
export async function readEdit(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole): Promise<ReadEdit> {
  const parts = await readParts(job, holeIs);
  const { source, hole, sketch, strokes } = parts;
  const photo = source.raster;
  const warnings: string[] = [...(source.loss ? [source.loss] : []), ...parts.warnings];
  const largeHole = checkHole(hole, job.kind === 'strip' ? job.strip : job.mask, holeIs);
  if (largeHole) warnings.push(largeHole);
  if (sketch && !touchesHole(sketch, (pixel) => sketch.data[pixel] < LINE_BELOW, hole))
    warnings.push('the sketch has no line inside the hole');
  if (strokes && !touchesHole(strokes, (pixel) => isStroke(strokes, pixel), hole))
    warnings.push('no stroke of colour is inside the hole; what is outside is ignored');
  return { photo, hole, sketch: sketch ?? paper(photo), strokes, source, warnings };
}

/** Reads and checks a drawing. @throws UserError when it cannot be used. */
export async function readDrawing(path: string): Promise<Drawing> {
  return blackOnWhite(await readSketch(path), path);
}

async function readParts(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole) {
  if (job.kind === 'strip') {
    const { photo, hole, sketch, warnings } = await readStrip(job.strip, holeIs);
    return { source: photo, hole, sketch, strokes: undefined, warnings };
  }
  const source = await readPhoto(job.image);
  const mask = await readHole(job.mask, holeIs);
  requireShape('mask', job.mask, mask, source.raster);
  const warnings = [...mask.warnings];
  let sketch: Raster | undefined;
  if (job.sketch !== undefined) {
    const drawing = await readDrawing(job.sketch);
    sketch = drawing.sketch;
    warnings.push(...drawing.warnings);
    requireShape('sketch', job.sketch, sketch, source.raster);
  }
  let strokes: Raster | undefined;
  if (job.colour !== undefined) {
    strokes = await readStrokes(job.colour);
    requireShape('picture of colour strokes', job.colour, strokes, source.raster);
  }
  return { source, hole: fitHole(mask, source.raster), sketch, strokes, warnings };
}

/** The parts of a strip: photo, sketch and mask side by side, squares of one size. */
export interface Strip {
  readonly photo: Photo;
  readonly sketch: Raster;
  readonly hole: Raster;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a picture of photo, sketch and mask side by side (DeepPS has them at 768 x 256 px; any size will do).
 *
 * @throws UserError as {@link readPhoto}, and when the file is not three times as wide as high.
 */
export async function readStrip(path: string, holeIs: MaskHole): Promise<Strip> {
  const photo = await readPhoto(path);
  const { width, height, data } = photo.raster;
  if (width !== 3 * height) {
    throw new UserError('The file is not a strip.', {
      where: path,
      expected: 'photo, sketch and mask side by side, so three times as wide as high (such as 768 x 256 px)',
      got: `${width} x ${height} px`,
      fix: 'give separate pictures with --image, --mask and --sketch',
    });
  }
  const side = height;
  const part = (index: number, channels: number): Raster => {
    const cut = new Uint8Array(side * side * channels);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const from = (y * width + index * side + x) * 4;
        cut.set(data.subarray(from, from + channels), (y * side + x) * channels);
      }
    }
    return { width: side, height: side, data: cut };
  };
  const drawing = blackOnWhite(part(1, 1), path);
  const hole = toHole({ grey: part(2, 1), isExact: false }, holeIs, path);
  return {
    photo: { ...photo, raster: part(0, 4) },
    sketch: drawing.sketch,
    hole,
    warnings: [...hole.warnings, ...drawing.warnings],
  };
}

/** Throws a UserError unless a mask or sketch (`what`) in a file is a photo's size or at least its shape. */
function requireShape(what: string, where: string, part: Size, photo: Size): void {
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
