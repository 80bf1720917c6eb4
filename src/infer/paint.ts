/** Makes the pictures of one job. */

import { type Predictor, valuesOfL } from '../core/method.ts';
import { type CropFinder, type RgbImage, UnusableImage } from '../data/decode.ts';
import { blend } from './blend.ts';
import { readDrawing, readEdit } from './edits.ts';
import type { Job } from './jobs.ts';
import type { MaskHole } from './mask.ts';
import { type NetworkInput, networkInput, reduceHole, scalePhoto, thinLines } from './network-input.ts';
import type { Raster, Region } from './raster.ts';
import { chooseRegion, type RegionChoice } from './region.ts';
import { drawSheet, encodePhoto, encodeRgb, type SheetRow, toRgb } from './results.ts';
import type { RunningPredictor } from './run-predictor.ts';

export interface PaintOptions {
  readonly predictor: Predictor;
  /** What runs it. */
  readonly running: RunningPredictor;
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
  const { predictor, running, resolution } = options;
  const ls = valuesOfL(predictor, options.ls);
  const subject =
    job.kind === 'sketch' ? await readSynthesis(job.sketch, resolution) : await readSubject(job, options);
  const files = new Map<string, Buffer>();
  const rows: SheetRow[] = [];
  for (const l of ls) {
    const suffix = ls.length > 1 ? `-l${l}` : '';
    const output = await running.run(subject.input, l);
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

interface ChosenRegion {
  readonly region: Region;
  readonly warnings: readonly string[];
}

/**
 * @param photo RGBA. @param resolution side of the network's input, px. @param findFace needed for `face`; without a
 *   face in the photo that is as `hole`, with a warning.
 */
async function regionForPhoto(
  choice: RegionChoice,
  photo: Raster,
  hole: Raster,
  resolution: number,
  findFace?: CropFinder,
): Promise<ChosenRegion> {
  if (choice !== 'face' || !findFace) return { region: chooseRegion(choice, hole, resolution), warnings: [] };
  try {
    const { left, top, side } = await findFace(withoutAlpha(photo));
    return { region: chooseRegion(choice, hole, resolution, { x: left, y: top, size: side }), warnings: [] };
  } catch (error) {
    if (!(error instanceof UnusableImage)) throw error;
    return {
      region: chooseRegion('hole', hole, resolution),
      warnings: [`${error.message}; the surroundings of the hole are taken`],
    };
  }
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

async function asItIs(values: Float32Array, side: number): Promise<Picture> {
  const view = toRgb(values, side);
  return { png: await encodeRgb(view), view };
}
