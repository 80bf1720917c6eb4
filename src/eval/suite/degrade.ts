/** Makes true sketches rough, to the degree d in [0, 1], as if a person had drawn them who does not draw well. */
import { thin } from '../../data/edges.ts';
import {
  deformSketch,
  dilateSketch,
  displacementBound,
  drawOffsets,
  SMOOTHING,
  smoothSketch,
} from '../../data/sketch.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';
import { type RandomStream, stream } from '../../runtime/seed.ts';
import type { Suite } from './suite.ts';

export interface DegradedSketch {
  /** [n, n], 1 = line: a true sketch. */
  readonly lines: Uint8Array;
  /** [n, n], 1 = hole. */
  readonly hole: Uint8Array;
  readonly size: number;
  /** d. */
  readonly degradation: number;
  readonly settings: Suite['sketches'];
  readonly seed: number;
  /** The photo's id and the kind of its hole. Equal names give equal degradations. */
  readonly names: readonly [id: string, hole: string];
}

/**
 * A rough sketch [n, n] in [-1, 1], -1 = line. Lines are moved as in training (see {@link deformSketch}) and drawn anew, one
 * pixel wide; then the lines in some boxes are erased, and the rest is widened if the suite says so. The random choices are
 * the same for every d: d scales the displacement, the boxes and the width. At d = 0 the sketch is the true one.
 */
export function degradeSketch(sketch: DegradedSketch): Float32Array {
  const { degradation, size, settings, seed, names } = sketch;
  if (degradation === 0) return asSketch(sketch.lines);
  const moved = deform(sketch, stream(seed, 'deformation', names[0]));
  discard(moved, sketch, stream(seed, 'discarded', ...names));
  const diameter = 1 + (settings.dilation * size - 1) * degradation;
  return diameter > 1 ? dilate(moved, size, diameter) : asSketch(moved);
}

/** Displaced lines, 1 = line. Sketches are displaced one at a time, so that rounding does not depend on the rest of a batch. */
function deform({ lines, size, degradation, settings }: DegradedSketch, random: RandomStream): Uint8Array {
  const values = tf.tidy(() => {
    const offsets = drawOffsets(1, random);
    const smooth = smoothSketch(asTensor(asSketch(lines), size), SMOOTHING.wide);
    const bound = displacementBound(degradation * settings.deformation * size, size);
    return deformSketch(smooth, offsets, tf.scalar(bound)).dataSync();
  });
  return thin(
    Uint8Array.from(values, (value) => (value < 0 ? 1 : 0)),
    size,
    size,
  );
}

/** Erases the lines in boxes around random points of the true lines: of those inside the hole, if there are any. */
function discard(
  lines: Uint8Array,
  { lines: trueLines, hole, size, degradation, settings }: DegradedSketch,
  random: RandomStream,
): void {
  const inside = pixels(trueLines, (p) => hole[p] === 1);
  const candidates = inside.length > 0 ? inside : pixels(trueLines, () => true);
  if (candidates.length === 0) return;
  for (let box = 0; box < settings.discarded; box++) {
    const place = candidates[Math.floor(random.uniform() * candidates.length)];
    const half = () => (random.uniform(1 / 8, 1 / 4) * size * degradation) / 2;
    const [x, y, halfWidth, halfHeight] = [place % size, Math.floor(place / size), half(), half()];
    const [left, right] = [Math.ceil(x - halfWidth), Math.floor(x + halfWidth)];
    for (let row = Math.ceil(y - halfHeight); row <= y + halfHeight; row++) {
      if (row < 0 || row >= size) continue;
      lines.fill(0, row * size + Math.max(0, left), row * size + Math.min(size - 1, right) + 1);
    }
  }
}

function dilate(lines: Uint8Array, size: number, diameter: number): Float32Array {
  return tf.tidy(
    () => dilateSketch(asTensor(asSketch(lines), size), diameter, size).dataSync() as Float32Array,
  );
}

function pixels(lines: Uint8Array, keep: (pixel: number) => boolean): number[] {
  const found: number[] = [];
  for (let p = 0; p < lines.length; p++) if (lines[p] && keep(p)) found.push(p);
  return found;
}

const asSketch = (lines: Uint8Array): Float32Array => Float32Array.from(lines, (line) => 1 - 2 * line);
const asTensor = (values: Float32Array, size: number): Tensor4D => tf.tensor4d(values, [1, size, size, 1]);
