/** A whole photo's edit for programs, of files and by the code of `npm run infer`. */
import type { CropFinder } from '../../data/decode.ts';
import { checkedEdit, fillOf } from '../../infer/fill.ts';
import type { MaskHole } from '../../infer/mask.ts';
import { lookForFace } from '../../infer/paint.ts';
import { withProvenance } from '../../infer/provenance.ts';
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
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * @param findFace needed for the region `face`.
 * @throws UserError when a file cannot be used; it calls files as {@link PhotoEdit} does.
 */
export async function editPhoto(
  { photo, mask, sketch, colour, l, maskHole, region, detail, refinedSketch }: PhotoEdit,
  running: RunningPredictor,
  { name: model, resolution, controls }: EditorDescription['model'],
  findFace: CropFinder | undefined,
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
  const { face, warning } = await lookForFace(region, raster, findFace);
  const fill = fillOf(edit, region, resolution, face);
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
    warnings: [loss, ...edit.warnings, warning, ...fill.warnings].filter((one) => one !== undefined),
  };
}
