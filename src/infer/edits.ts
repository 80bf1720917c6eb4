/** From files to an edit that a network can be given, with what is wrong or odd about it told. */
import { UserError } from '../runtime/errors.ts';
import { fitHole, requireShape, share } from './fit.ts';
import type { Job } from './jobs.ts';
import { LINE_BELOW } from './lines.ts';
import type { Edit, Raster, Size } from './raster.ts';
import {
  type MaskHole,
  type Photo,
  readHole,
  readPhoto,
  readSketch,
  readStrip,
  readStrokes,
} from './read.ts';
import { isStroke } from './strokes.ts';

/** A hole of a larger share of the photo is probably a mask of the other polarity. */
const LARGE_HOLE = 0.5;
/** A drawing has less ink than this; more is probably white on black. */
const MOST_INK = 0.5;

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
  const { source, hole, sketch, strokes } = await readParts(job, holeIs);
  const photo = source.raster;
  const warnings: string[] = source.loss ? [source.loss] : [];
  const where = job.kind === 'strip' ? job.strip : job.mask;
  const part = share(hole, (value) => value !== 0);
  const other = holeIs === 'white' ? 'black' : 'white';
  if (part === 0 || part === 1) {
    throw new UserError(part === 0 ? 'The mask has no hole.' : 'The mask is all hole.', {
      where,
      expected: `${holeIs} where the photo is to change, ${other} elsewhere`,
      got: part === 0 ? `no ${holeIs} pixel` : `no ${other} pixel`,
      fix: `paint what is to change in ${holeIs}; if ${other} is what changes, give --mask-hole ${other}`,
    });
  }
  if (part > LARGE_HOLE) {
    warnings.push(
      `the hole is ${Math.round(100 * part)} % of the photo; if ${other} is what is to change, give --mask-hole ${other}`,
    );
  }
  if (sketch && !touchesHole(sketch, (pixel) => sketch.data[pixel] < LINE_BELOW, hole))
    warnings.push('the sketch has no line inside the hole');
  if (strokes && !touchesHole(strokes, (pixel) => isStroke(strokes, pixel), hole))
    warnings.push('no stroke of colour is inside the hole; what is outside is ignored');
  return { photo, hole, sketch: sketch ?? paper(photo), strokes, source, warnings };
}

/** Reads and checks a drawing. @throws UserError when it cannot be used. */
export async function readDrawing(path: string): Promise<Raster> {
  const sketch = await readSketch(path);
  requireInk(sketch, path);
  return sketch;
}

async function readParts(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole) {
  if (job.kind === 'strip') {
    const { photo, hole, sketch } = await readStrip(job.strip, holeIs);
    requireInk(sketch, job.strip);
    return { source: photo, hole, sketch, strokes: undefined };
  }
  const source = await readPhoto(job.image);
  const mask = await readHole(job.mask, holeIs);
  requireShape('mask', job.mask, mask, source.raster);
  const sketch = job.sketch === undefined ? undefined : await readDrawing(job.sketch);
  if (sketch) requireShape('sketch', job.sketch!, sketch, source.raster);
  const strokes = job.colour === undefined ? undefined : await readStrokes(job.colour);
  if (strokes) requireShape('picture of colour strokes', job.colour!, strokes, source.raster);
  return { source, hole: fitHole(mask, source.raster), sketch, strokes };
}

/** A sketch without a line. */
const paper = ({ width, height }: Raster): Raster => ({
  width,
  height,
  data: new Uint8Array(width * height).fill(255),
});

function requireInk(sketch: Raster, where: string): void {
  const ink = share(sketch, (value) => value < LINE_BELOW);
  if (ink <= MOST_INK) return;
  throw new UserError('The sketch is mostly black.', {
    where,
    expected: 'black lines on white',
    got: `${Math.round(100 * ink)} % of it dark`,
    fix: 'invert it if its lines are white',
  });
}

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
