/** A whole photo's edit for programs, of files and by the code of `npm run infer`. */
import type { FaceFinder } from '../../data/face-crop.ts';
import { checkedEdit, fillOf } from '../../infer/fill.ts';
import type { MaskHole } from '../../infer/mask.ts';
import { lookForFace } from '../../infer/paint.ts';
import { withProvenance } from '../../infer/provenance.ts';
import type { Region } from '../../infer/raster.ts';
import { readHole, readPhoto, readSketch, readStrokes } from '../../infer/read.ts';
import type { RegionChoice } from '../../infer/region.ts';
import { encodePhoto, encodeRgb, toRgb } from '../../infer/results.ts';
import type { RunningPredictor } from '../../infer/run-onnx.ts';
import { blackOnWhite } from '../../infer/sketch.ts';
import type { EditorDescription } from '../wire.ts';

/** What files of pictures hold, and how they are taken. */
export interface PhotoEdit {
  readonly photo: Uint8Array;
  readonly mask: Uint8Array;
  readonly sketch?: Uint8Array | undefined;
  readonly colour?: Uint8Array | undefined;
  readonly l: number;
  readonly maskHole: MaskHole;
  readonly region: RegionChoice;
  /** Which of several faces, from 1, from left to right; undefined: the one nearest to the hole. */
  readonly face?: number | undefined;
  /** See `blend` (blend.ts). */
  readonly detail: boolean;
  /** Whether S_gen is wanted. */
  readonly refinedSketch: boolean;
}

/** PNG files. */
export interface EditedPhoto {
  /** At the photo's size. */
  readonly result: Uint8Array;
  /** S_gen at the network's resolution, of each part of the hole that was filled by itself. */
  readonly refinedSketches: readonly Uint8Array[];
  /** All faces, from left to right, and the number of the one that the network saw, from 1; none where it saw something else. */
  readonly faces: readonly Region[];
  readonly face: number | undefined;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * @param findFaces needed for the region `face`.
 * @throws UserError when a file cannot be used; it calls files as {@link PhotoEdit} does.
 */
export async function editPhoto(
  { photo, mask, sketch, colour, l, maskHole, region, face: number, detail, refinedSketch }: PhotoEdit,
  running: RunningPredictor,
  { name: model, resolution, controls }: EditorDescription['model'],
  findFaces: FaceFinder | undefined,
): Promise<EditedPhoto> {
  const { raster, hasAlpha, profile, loss } = await readPhoto(photo, 'photo');
  const pictures = {
    photo: raster,
    mask: await readHole(mask, maskHole, 'mask'),
    sketch: sketch && blackOnWhite(await readSketch(sketch, 'sketch'), 'sketch'),
    strokes: colour && (await readStrokes(colour, 'colour')),
  };
  const names = { mask: 'mask', sketch: 'sketch', colour: 'colour' };
  const edit = checkedEdit(pictures, names, maskHole);
  const seen = await lookForFace(region, edit, findFaces, number);
  const fill = fillOf(edit, region, resolution, seen.face);
  const results: Float32Array[] = [];
  const sketches: Float32Array[] = [];
  let side = resolution;
  for (const input of fill.inputs) {
    const output = await running.run(input, l);
    side = output.resolution;
    results.push(output.result);
    if (refinedSketch && output.refinedSketch) sketches.push(output.refinedSketch);
  }
  const source = { model, l: controls.includes('l') ? l : undefined };
  const views = fill
    .onPaper(sketches, side)
    .map(async (one) => withProvenance(await encodeRgb(toRgb(one, side)), { ...source, made: 'whole' }));
  const result = await encodePhoto(fill.blended(results, detail), hasAlpha, profile);
  return {
    result: withProvenance(result, { ...source, made: 'part' }),
    refinedSketches: await Promise.all(views),
    faces: seen.faces,
    face: seen.number,
    warnings: [loss, ...edit.warnings, seen.warning, ...fill.warnings].filter((one) => one !== undefined),
  };
}
