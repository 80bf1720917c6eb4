/** Changes photo and sketch of a training sample at random, so that few photos teach more. */
import type { RunConfig } from '../config/run-config.ts';
import type { RandomStream } from '../runtime/seed.ts';
import type { CropSquare } from './decode.ts';
import { mirrorIndex, thin } from './edges.ts';
import type { Pair } from './pair.ts';

type Settings = RunConfig['data']['augment'];

/** What is done to one sample. */
export interface Augmentation {
  readonly mirrored: boolean;
  /** Added to every channel, of 255. */
  readonly brightness: number;
  /** Factor of the distance to middle grey. */
  readonly contrast: number;
  /** Factor of the distance to the pixel's own grey. */
  readonly saturation: number;
  /** What becomes the whole image; where it reaches over the border, the image is continued by its mirror image. */
  readonly crop: CropSquare;
}

/** A changed pair, and whether its hole has to be mirrored as it was. */
export interface AugmentedPair extends Pair {
  readonly mirrored: boolean;
}

/**
 * Draws what is done to a sample of n x n. Each part takes its numbers whether it is switched on or not, so that changing
 * one setting leaves the others' draws as they are.
 */
export function drawAugmentation(
  n: number,
  { mirror, brightness, contrast, saturation, scale, shift }: Settings,
  random: RandomStream,
): Augmentation {
  const mirrored = random.uniform() < (typeof mirror === 'number' ? mirror : mirror ? 0.5 : 0);
  const within = (bound: number) => random.uniform(-bound, bound);
  const colour = {
    brightness: 255 * within(brightness),
    contrast: 1 + within(contrast),
    saturation: 1 + within(saturation),
  };
  const side = Math.round(n / (1 + within(scale)));
  const [left, top] = [0, 1].map(() => Math.round((n - side) / 2 + n * within(shift)));
  return { mirrored, ...colour, crop: { left, top, side } };
}

/** The pair of n x n that an augmentation makes of one; where lines change their size they are drawn anew, one pixel wide. */
export function augmentPair(
  { photo, sketch }: Pair,
  n: number,
  { mirrored, crop, ...colour }: Augmentation,
): AugmentedPair {
  if (crop.left !== 0 || crop.top !== 0 || crop.side !== n) {
    photo = resizeCrop(photo, n, crop);
    sketch = resizeLines(cropMap(sketch, n, crop), crop.side, n);
  }
  photo = changeColours(photo, colour);
  if (mirrored) {
    photo = mirrorRows(photo, n, 3);
    sketch = mirrorRows(sketch, n, 1);
  }
  return { photo, sketch, mirrored };
}

/** Whether more is done to a sample than a thread of its own is worth. */
export function takesLong({ crop, brightness, contrast, saturation }: Augmentation, n: number): boolean {
  return (
    crop.side !== n ||
    crop.left !== 0 ||
    crop.top !== 0 ||
    brightness !== 0 ||
    contrast !== 1 ||
    saturation !== 1
  );
}

/** Images [k, n, n, channels] mirrored left to right. */
export function mirrorRows<T extends Uint8Array | Float32Array>(images: T, n: number, channels: number): T {
  const result = images.slice() as T;
  const row = n * channels;
  for (let c = 0; c < channels; c++)
    for (let start = c; start < images.length; start += row)
      for (let to = start, from = start + row - channels; to < start + row; to += channels, from -= channels)
        result[to] = images[from];
  return result;
}

/** A square of a photo [n, n, 3] at n x n: bilinear, mirrored beyond its border. */
function resizeCrop(photo: Uint8Array, n: number, { left, top, side }: CropSquare): Uint8Array {
  const columns = samplePlaces(left, side, n);
  const rows = samplePlaces(top, side, n);
  // Rounds to nearest.
  const result = new Uint8ClampedArray(n * n * 3);
  for (let y = 0, i = 0; y < n; y++) {
    const upper = rows.first[y] * n * 3;
    const lower = rows.second[y] * n * 3;
    const fy = rows.fraction[y];
    for (let x = 0; x < n; x++) {
      const fx = columns.fraction[x];
      let a = columns.first[x] * 3;
      let b = columns.second[x] * 3;
      for (let c = 0; c < 3; c++, i++, a++, b++) {
        const above = photo[upper + a] * (1 - fx) + photo[upper + b] * fx;
        const below = photo[lower + a] * (1 - fx) + photo[lower + b] * fx;
        result[i] = above * (1 - fy) + below * fy;
      }
    }
  }
  return new Uint8Array(result.buffer);
}

/** For each of n positions the two that it lies between, of n beginning at `start`, and how far on to the second. */
function samplePlaces(start: number, side: number, n: number) {
  const positions = Float64Array.from({ length: n }, (_, i) => start + ((i + 0.5) * side) / n - 0.5);
  return {
    first: Int32Array.from(positions, (p) => mirrorIndex(Math.floor(p), n)),
    second: Int32Array.from(positions, (p) => mirrorIndex(Math.floor(p) + 1, n)),
    fraction: positions.map((p) => p - Math.floor(p)),
  };
}

/** A square of bytes [n, n], mirrored beyond its border. */
function cropMap(map: Uint8Array, n: number, { left, top, side }: CropSquare): Uint8Array {
  const columns = Int32Array.from({ length: side }, (_, x) => mirrorIndex(left + x, n));
  const result = new Uint8Array(side * side);
  for (let y = 0, i = 0; y < side; y++) {
    const row = mirrorIndex(top + y, n) * n;
    for (let x = 0; x < side; x++, i++) result[i] = map[row + columns[x]];
  }
  return result;
}

/**
 * A sketch of bytes [side, side] at n x n, n less than twice the side. An image that is resized as photos are would have
 * faint, wide or broken lines: here every line's pixel moves to its new place, and neighbours stay connected.
 */
function resizeLines(sketch: Uint8Array, side: number, n: number): Uint8Array {
  if (side === n) return sketch;
  const place = Int32Array.from({ length: side }, (_, i) => Math.floor(((i + 0.5) * n) / side));
  const isLine = (x: number, y: number) => x >= 0 && x < side && y < side && sketch[y * side + x] < 128;
  const lines = new Uint8Array(n * n);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (!isLine(x, y)) continue;
      lines[place[y] * n + place[x]] = 1;
      for (const [dx, dy] of laterNeighbours) {
        if (!isLine(x + dx, y + dy)) continue;
        const [x2, y2] = [place[x + dx], place[y + dy]];
        // Neighbours that came to lie two pixels apart get the pixel between them.
        if (Math.abs(x2 - place[x]) < 2 && y2 - place[y] < 2) continue;
        lines[((place[y] + y2) >> 1) * n + ((place[x] + x2) >> 1)] = 1;
      }
    }
  }
  return thin(lines, n, n).map((line) => (line ? 0 : 255));
}

/** Offsets [dx, dy] of the four neighbours of a pixel that come after it, row by row. */
const laterNeighbours = [
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

/**
 * Saturation, contrast, then brightness of RGB bytes, rounded once at the end. A pixel's grey is its luma as in
 * ITU-R BT.601; middle grey is 127.5.
 */
function changeColours(
  photo: Uint8Array,
  { brightness, contrast, saturation }: Pick<Augmentation, 'brightness' | 'contrast' | 'saturation'>,
): Uint8Array {
  if (brightness === 0 && contrast === 1 && saturation === 1) return photo;
  // Rounds to nearest and keeps to 0..255.
  const result = new Uint8ClampedArray(photo.length);
  const own = contrast * saturation;
  const shared = contrast - own;
  const offset = 127.5 * (1 - contrast) + brightness;
  for (let i = 0; i < photo.length; i += 3) {
    const grey = 0.299 * photo[i] + 0.587 * photo[i + 1] + 0.114 * photo[i + 2];
    const base = shared * grey + offset;
    for (let c = 0; c < 3; c++) result[i + c] = own * photo[i + c] + base;
  }
  return new Uint8Array(result.buffer);
}
