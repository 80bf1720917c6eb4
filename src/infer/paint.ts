/** Makes the pictures of one job. */

import { type Predictor, valuesOfL } from '../core/method.ts';
import type { CropFinder, RgbImage } from '../data/decode.ts';
import { blend } from './blend.ts';
import { regionForPhoto } from './choose-region.ts';
import { readDrawing, readEdit } from './edits.ts';
import type { Job } from './jobs.ts';
import { reduceHole, thinLines } from './lines.ts';
import { type NetworkInput, networkInput, scalePhoto } from './network-input.ts';
import { encodePhoto, encodeRgb, toRgb } from './png.ts';
import type { MaskHole } from './read.ts';
import type { RegionChoice } from './region.ts';
import { runPredictor } from './run-predictor.ts';
import { drawSheet, type SheetRow } from './sheet.ts';
import { squareOnPaper } from './square.ts';

export interface PaintOptions {
  readonly predictor: Predictor;
  /** Side of the network's input, px. */
  readonly resolution: number;
  readonly ls: readonly number[];
  readonly maskHole: MaskHole;
  readonly region: RegionChoice;
  /** Needed for the region `face`. */
  readonly findFace?: CropFinder | undefined;
  /** The network's own pictures in place of photos with filled holes. */
  readonly raw: boolean;
}

export interface Painted {
  /** PNG files by what is added to the job's name, for example `-IOUT`. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the user should know, a sentence each. */
  readonly warnings: readonly string[];
}

/** A picture as its file, and as the sheet shows it. */
interface Picture {
  readonly png: Buffer;
  readonly view: RgbImage;
}

/** What a job gives the network, and what becomes of the network's pictures. */
interface Subject {
  readonly input: NetworkInput;
  /** Whether it is a photo with a hole. */
  readonly isEdit: boolean;
  readonly warnings: readonly string[];
  /** @param image [s,s,3] in [-1, 1]. */
  finishImage(image: Float32Array, side: number): Promise<Picture>;
  /** @param sketch [s,s] in [-1, 1]. */
  finishSketch(sketch: Float32Array, side: number): Promise<Picture>;
}

/**
 * Reads a job's files and makes its pictures at each l: S_gen, I_gen and I_out, the images put into the photo unless
 * they are wanted raw, and a sheet of all side by side.
 *
 * @throws UserError when a file cannot be used.
 */
export async function paint(job: Job, options: PaintOptions): Promise<Painted> {
  const { predictor, resolution } = options;
  const ls = valuesOfL(predictor, options.ls);
  const subject =
    job.kind === 'sketch' ? await readSynthesis(job.sketch, resolution) : await readSubject(job, options);
  const files = new Map<string, Buffer>();
  const rows: SheetRow[] = [];
  for (const l of ls) {
    const suffix = ls.length > 1 ? `-l${l}` : '';
    const output = await runPredictor(predictor, subject.input, resolution, l);
    const { refinedSketch, firstImage, roughSketch, result, resolution: side } = output;
    const [sketch, first, final] = [
      refinedSketch && (await subject.finishSketch(refinedSketch, side)),
      firstImage && (await subject.finishImage(firstImage, side)),
      await subject.finishImage(result, side),
    ];
    if (sketch) files.set(`-SGEN${suffix}`, sketch.png);
    if (first) files.set(`-IGEN${suffix}`, first.png);
    files.set(`-IOUT${suffix}`, final.png);
    rows.push({
      l,
      roughSketch: roughSketch && toRgb(roughSketch, side),
      refinedSketch: sketch?.view,
      firstImage: first?.view,
      result: final.view,
    });
  }
  files.set('-sheet', await drawSheet(subject.input, resolution, subject.isEdit, rows));
  return { files, warnings: subject.warnings };
}

async function readSubject(
  job: Exclude<Job, { kind: 'sketch' }>,
  { resolution, maskHole, raw, ...options }: PaintOptions,
): Promise<Subject> {
  const edit = await readEdit(job, maskHole);
  const { photo, hole, source } = edit;
  const chosen = await regionForPhoto(options.region, photo, hole, resolution, options.findFace);
  const { region } = chosen;
  const warnings = [...edit.warnings, ...chosen.warnings];
  const input = networkInput(edit, region, resolution);
  if (raw) return { input, isEdit: true, warnings, finishImage: asItIs, finishSketch: asItIs };
  return {
    input,
    isEdit: true,
    warnings,
    async finishImage(image) {
      const whole = { width: photo.width, height: photo.height, data: blend(photo, hole, image, region) };
      const png = await encodePhoto(whole, source.hasAlpha, source.profile);
      return { png, view: toRgb(scalePhoto(whole, region, resolution), resolution) };
    },
    async finishSketch(sketch, side) {
      // Outside the hole S_gen is neither line nor paper; a person expects paper.
      const inHole = reduceHole(hole, region, side);
      return asItIs(
        sketch.map((value, i) => (inHole[i] ? value : 1)),
        side,
      );
    },
  };
}

async function readSynthesis(path: string, resolution: number): Promise<Subject> {
  const sketch = squareOnPaper(await readDrawing(path));
  const lines = thinLines(sketch, sketch, { x: 0, y: 0, size: sketch.width }, resolution);
  const input = {
    image: new Float32Array(resolution * resolution * 3),
    hole: new Float32Array(resolution * resolution).fill(1),
    sketch: Float32Array.from(lines, (line) => 1 - 2 * line),
  };
  const warnings = lines.includes(1) ? [] : ['the sketch has no line'];
  return { input, isEdit: false, warnings, finishImage: asItIs, finishSketch: asItIs };
}

async function asItIs(values: Float32Array, side: number): Promise<Picture> {
  const view = toRgb(values, side);
  return { png: await encodeRgb(view), view };
}
