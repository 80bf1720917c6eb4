/** Makes the pictures of one job. */

import { type Predictor, valuesOfL } from '../core/method.ts';
import type { RgbImage } from '../data/decode.ts';
import type { FaceFinder } from '../data/face-crop.ts';
import { readDrawing, readEdit } from './edits.ts';
import { chooseFace } from './faces.ts';
import { drawingInput, fillOf } from './fill.ts';
import type { Job } from './jobs.ts';
import type { MaskHole } from './mask.ts';
import { type NetworkInput, type NetworkOutput, scalePhoto } from './network-input.ts';
import { type Provenance, withProvenance } from './provenance.ts';
import type { Edit, Raster, Region } from './raster.ts';
import type { RegionChoice } from './region.ts';
import { drawSheet, encodePhoto, encodeRgb, type SheetRow, toRgb } from './results.ts';
import type { RunningPredictor } from './run-onnx.ts';

export interface PaintOptions {
  readonly predictor: Pick<Predictor, 'controls'>;
  /** Its name, for the files. */
  readonly model: string;
  /** What runs it. */
  readonly running: RunningPredictor;
  /** Side of the network's input, px. */
  readonly resolution: number;
  readonly ls: readonly number[];
  readonly maskHole: MaskHole;
  readonly region: RegionChoice;
  /** Needed for the region `face`. */
  readonly findFaces?: FaceFinder | undefined;
  /** Which of several faces, from 1, from left to right. Default: the one nearest to the hole. */
  readonly face?: number | undefined;
  /** The network's own pictures in place of photos with filled holes. */
  readonly raw: boolean;
  /** Whether results are sharpened and given the photo's texture where they are enlarged. */
  readonly detail: boolean;
}

export interface Painted {
  /** PNG files by what is added to the job's name, for example `-IOUT`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/** What a job gives the network, and what becomes of the network's pictures. */
interface Subject {
  /** What the network is given, one after the other: small holes far apart are filled one by one. */
  readonly inputs: readonly NetworkInput[];
  /** Whether it is a photo with a hole. */
  readonly isEdit: boolean;
  readonly warnings: readonly string[];
  /** @param images of the inputs, [s,s,3] in [-1, 1]. */
  finishImages(images: readonly Float32Array[], side: number): Promise<Pictures>;
  /** @param sketches of the inputs, [s,s] in [-1, 1]. */
  finishSketches(sketches: readonly Float32Array[], side: number): Promise<Pictures>;
}

/** Of all inputs together one file, or of each its own; and how the sheet of each input shows it. */
interface Pictures {
  readonly pngs: readonly Buffer[];
  readonly views: readonly RgbImage[];
}

/**
 * Reads a job's files and makes its pictures at each l: S_gen, I_gen and I_out, the images put into the photo unless
 * they are wanted raw, and a sheet of all side by side.
 *
 * @throws UserError when a file cannot be used.
 */
export async function paint(job: Job, options: PaintOptions): Promise<Painted> {
  const { predictor, model, running, resolution, raw } = options;
  const ls = valuesOfL(predictor, options.ls);
  const subject =
    job.kind === 'sketch' ? await readSynthesis(job.sketch, resolution) : await readSubject(job, options);
  const { inputs } = subject;
  const part = (i: number) => (inputs.length > 1 ? `-hole${i + 1}` : '');
  const made = subject.isEdit && !raw ? 'part' : 'whole';
  const files = new Map<string, Uint8Array>();
  const rows: SheetRow[][] = inputs.map(() => []);
  for (const l of ls) {
    const suffix = ls.length > 1 ? `-l${l}` : '';
    const outputs: NetworkOutput[] = [];
    for (const input of inputs) outputs.push(await running.run(input, l));
    const side = outputs[0].resolution;
    const all = (key: 'refinedSketch' | 'firstImage' | 'result') =>
      outputs.flatMap((output) => output[key] ?? []);
    const add = (name: string, { pngs }: Pictures, made: Provenance['made']) => {
      for (const [i, png] of pngs.entries())
        files.set(
          `-${name}${pngs.length > 1 ? part(i) : ''}${suffix}`,
          withProvenance(png, { made, model, l }),
        );
    };
    const [sketches, first, final] = [
      await subject.finishSketches(all('refinedSketch'), side),
      await subject.finishImages(all('firstImage'), side),
      await subject.finishImages(all('result'), side),
    ];
    add('SGEN', sketches, 'whole');
    add('IGEN', first, made);
    add('IOUT', final, made);
    for (const [i, { roughSketch }] of outputs.entries()) {
      rows[i].push({
        l,
        roughSketch: roughSketch && toRgb(roughSketch, side),
        refinedSketch: sketches.views[i],
        firstImage: first.views[i],
        result: final.views[i],
      });
    }
  }
  const l = ls.length === 1 ? ls[0] : undefined;
  for (const [i, input] of inputs.entries()) {
    const sheet = await drawSheet(input, resolution, subject.isEdit, rows[i]);
    files.set(
      `-sheet${part(i)}`,
      withProvenance(sheet, { made: subject.isEdit ? 'part' : 'whole', model, l }),
    );
  }
  return { files, warnings: subject.warnings };
}

async function readSubject(
  job: Exclude<Job, { kind: 'sketch' }>,
  { resolution, maskHole, raw, region, detail, findFaces, face: number }: PaintOptions,
): Promise<Subject> {
  const { source, ...edit } = await readEdit(job, maskHole);
  const { face, warning } = await lookForFace(region, edit, findFaces, number);
  const fill = fillOf(edit, region, resolution, face);
  const { inputs, regions } = fill;
  const warnings = [...edit.warnings, ...(warning ? [warning] : []), ...fill.warnings];
  if (raw) return { inputs, isEdit: true, warnings, finishImages: asTheyAre, finishSketches: asTheyAre };
  return {
    inputs,
    isEdit: true,
    warnings,
    async finishImages(images) {
      if (images.length === 0) return { pngs: [], views: [] };
      const whole = fill.blended(images, detail);
      const png = await encodePhoto(whole, source.hasAlpha, source.profile);
      const views = regions.map((region) => toRgb(scalePhoto(whole, region, resolution), resolution));
      return { pngs: [png], views };
    },
    finishSketches: (sketches, side) => asTheyAre(fill.onPaper(sketches, side), side),
  };
}

/** What was seen of a photo's faces. */
export interface SeenFaces {
  /** From left to right; none where nobody looked for any. */
  readonly faces: readonly Region[];
  /** The one that the network is shown, and its number, from 1. */
  readonly face?: Region | undefined;
  readonly number?: number | undefined;
  /** What the user should know, a sentence. */
  readonly warning?: string | undefined;
}

/**
 * Finds the face that the network is shown where the choice is `face`.
 *
 * @param findFaces needed then. @param number of the face that was chosen, see {@link chooseFace}.
 * @throws UserError when there is no face of that number.
 */
export async function lookForFace(
  choice: RegionChoice,
  { photo, hole }: Pick<Edit, 'photo' | 'hole'>,
  findFaces?: FaceFinder,
  number?: number,
): Promise<SeenFaces> {
  if (choice !== 'face' || !findFaces) return { faces: [] };
  const found = await findFaces(withoutAlpha(photo));
  const faces = found.map(({ square: { left, top, side } }) => ({ x: left, y: top, size: side }));
  const chosen = chooseFace(faces, hole, number);
  if (!chosen) return { faces, warning: 'no face was found in it; the surroundings of the hole are taken' };
  return { faces, face: faces[chosen.index], number: chosen.index + 1, warning: chosen.warning };
}

function withoutAlpha({ data, width, height }: Raster) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
    rgb[o] = data[i];
    rgb[o + 1] = data[i + 1];
    rgb[o + 2] = data[i + 2];
  }
  return { data: rgb, width, height };
}

async function readSynthesis(path: string, resolution: number): Promise<Subject> {
  const { input, warnings } = drawingInput(await readDrawing(path), resolution);
  return { inputs: [input], isEdit: false, warnings, finishImages: asTheyAre, finishSketches: asTheyAre };
}

async function asTheyAre(values: readonly Float32Array[], side: number): Promise<Pictures> {
  const views = values.map((one) => toRgb(one, side));
  return { pngs: await Promise.all(views.map(encodeRgb)), views };
}
