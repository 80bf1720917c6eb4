/** From files to an edit that a network can be given, with what is wrong or odd about it told. */
import { UserError } from '../runtime/errors.ts';
import { fitHole, requireShape, share } from './fit.ts';
import type { Job } from './jobs.ts';
import { LINE_BELOW } from './lines.ts';
import type { Edit, Raster } from './raster.ts';
import { type MaskHole, type Photo, readHole, readPhoto, readSketch, readStrip } from './read.ts';

/** A hole of a larger share of the photo is probably a mask of the other polarity. */
const LARGE_HOLE = 0.5;
/** A drawing has less ink than this; more is probably white on black. */
const MOST_INK = 0.5;

export interface ReadEdit extends Edit {
  readonly source: Photo;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/** Reads and checks a photo, its hole and, where there is one, its sketch. @throws UserError when they cannot be used. */
export async function readEdit(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole): Promise<ReadEdit> {
  const { source, hole, sketch } = await readParts(job, holeIs);
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
  if (sketch && !hasLineInHole(sketch, hole)) warnings.push('the sketch has no line inside the hole');
  return { photo, hole, sketch: sketch ?? paper(photo), source, warnings };
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
    return { source: photo, hole, sketch };
  }
  const source = await readPhoto(job.image);
  const mask = await readHole(job.mask, holeIs);
  requireShape('mask', job.mask, mask, source.raster);
  const sketch = job.sketch === undefined ? undefined : await readDrawing(job.sketch);
  if (sketch) requireShape('sketch', job.sketch!, sketch, source.raster);
  return { source, hole: fitHole(mask, source.raster), sketch };
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

/** Where the sketch is of another size its pixels are looked up in the hole. */
function hasLineInHole(sketch: Raster, hole: Raster): boolean {
  for (let y = 0, i = 0; y < sketch.height; y++) {
    const row = Math.floor(((y + 0.5) * hole.height) / sketch.height) * hole.width;
    for (let x = 0; x < sketch.width; x++, i++) {
      if (sketch.data[i]! >= LINE_BELOW) continue;
      if (hole.data[row + Math.floor(((x + 0.5) * hole.width) / sketch.width)]) return true;
    }
  }
  return false;
}
