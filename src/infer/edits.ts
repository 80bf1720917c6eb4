/** From files to an edit that a network can be given, with what is wrong or odd about it told. */
import { UserError } from '../runtime/errors.ts';
import { type CheckedEdit, checkedEdit } from './fill.ts';
import type { Job } from './jobs.ts';
import { type MaskHole, type ReadHole, toHole } from './mask.ts';
import type { Raster } from './raster.ts';
import { type Photo, readHole, readPhoto, readSketch, readStrokes } from './read.ts';
import { blackOnWhite, type Drawing } from './sketch.ts';

export interface ReadEdit extends CheckedEdit {
  readonly source: Photo;
}

/**
 * Reads and checks a photo, its hole and, where there are such, its sketch and its strokes of colour.
 *
 * @throws UserError when they cannot be used.
 */
export async function readEdit(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole): Promise<ReadEdit> {
  const { source, ...pictures } = await readPictures(job, holeIs);
  const names = job.kind === 'strip' ? { mask: job.strip } : job;
  const edit = checkedEdit({ photo: source.raster, ...pictures }, names, holeIs);
  return { ...edit, source, warnings: [...(source.loss ? [source.loss] : []), ...edit.warnings] };
}

/** Reads and checks a drawing. @throws UserError when it cannot be used. */
export async function readDrawing(path: string): Promise<Drawing> {
  return blackOnWhite(await readSketch(path), path);
}

async function readPictures(job: Exclude<Job, { kind: 'sketch' }>, holeIs: MaskHole) {
  if (job.kind === 'strip') return { ...(await readStrip(job.strip, holeIs)), strokes: undefined };
  return {
    source: await readPhoto(job.image),
    mask: await readHole(job.mask, holeIs),
    sketch: job.sketch === undefined ? undefined : await readDrawing(job.sketch),
    strokes: job.colour === undefined ? undefined : await readStrokes(job.colour),
  };
}

/** The parts of a strip: photo, sketch and mask side by side, squares of one size. */
export interface Strip {
  readonly source: Photo;
  readonly sketch: Drawing;
  readonly mask: ReadHole;
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
  return {
    source: { ...photo, raster: part(0, 4) },
    sketch: blackOnWhite(part(1, 1), path),
    mask: toHole({ grey: part(2, 1), isExact: false }, holeIs, path),
  };
}
