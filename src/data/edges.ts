/** From soft edges to a drawing of thin lines, as pix2pix's PostprocessHED does it in MATLAB. */

export interface LineSettings {
  /** Edge probability above which a pixel can be a line. */
  readonly threshold: number;
  /** Connected lines of fewer pixels are removed. */
  readonly minimumSize: number;
}

/**
 * Edge probabilities [h, w] to a sketch of bytes [h, w], 0 = line and 255 = paper: non-maximum suppression,
 * threshold, thinning, small components removed.
 */
export function edgeMapToSketch(
  probabilities: Float32Array,
  height: number,
  width: number,
  settings: LineSettings,
): Uint8Array {
  return linesToSketch(suppressNonMaxima(probabilities, height, width), height, width, settings);
}

/** The same without suppression, for maps that are drawings already. */
export function linesToSketch(
  strengths: Float32Array,
  height: number,
  width: number,
  { threshold, minimumSize }: LineSettings,
): Uint8Array {
  const binary = new Uint8Array(strengths.length);
  for (let i = 0; i < binary.length; i++) binary[i] = strengths[i] >= threshold ? 1 : 0;
  const lines = removeSmallComponents(thin(binary, height, width), height, width, minimumSize);
  return lines.map((line) => (line ? 0 : 255));
}

// SECTION * Non-maximum suppression of an edge map: keeps the ridge of every soft line. The method is that of Piotr Dollár's
// structured edges toolbox as pix2pix's edge post-processing calls it: orientation from the second derivatives of the
// smoothed map, one neighbour on either side across the line, damping near the border.

/** Radius of the smoothing before orientations are taken, px. */
const smoothingRadius = 4;
/** A pixel this much weaker than a neighbour still counts as the ridge. */
const tolerance = 1.01;
/** Within so many pixels of the border strengths fade to zero. */
const borderWidth = 5;

/**
 * Angle in [0, pi) of the direction across the line at every pixel of a map [h, w] (x to the right, y down): 0 for
 * an upright line, pi/2 for a level one.
 */
export function edgeOrientation(edges: Float32Array, height: number, width: number): Float32Array {
  const smooth = smoothTriangle(edges, height, width, smoothingRadius);
  const dx = gradientX(smooth, height, width);
  const dy = gradientY(smooth, height, width);
  const dxx = gradientX(dx, height, width);
  const dxy = gradientY(dx, height, width);
  const dyy = gradientY(dy, height, width);
  const angles = new Float32Array(edges.length);
  for (let i = 0; i < angles.length; i++) {
    // At exactly 0 the sign is free; MATLAB's sign(0) = 0 would lose the angle of exactly level lines.
    const sign = dxy[i] > 0 ? -1 : 1;
    const angle = Math.atan((dyy[i] * sign) / (dxx[i] + 1e-5));
    angles[i] = angle < 0 ? angle + Math.PI : angle;
  }
  return angles;
}

/** The map [h, w] with 0 wherever a pixel is not the strongest across its line; elsewhere the strength as it was. */
export function suppressNonMaxima(edges: Float32Array, height: number, width: number): Float32Array {
  const angles = edgeOrientation(edges, height, width);
  const result = Float32Array.from(edges);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const strength = edges[i] * tolerance;
      if (strength === 0) continue;
      const acrossX = Math.cos(angles[i]);
      const acrossY = Math.sin(angles[i]);
      if (
        strength < interpolate(edges, height, width, x - acrossX, y - acrossY) ||
        strength < interpolate(edges, height, width, x + acrossX, y + acrossY)
      ) {
        result[i] = 0;
      }
    }
  }
  fadeBorder(result, height, width);
  return result;
}

/** Bilinear; positions outside are moved to just inside. */
function interpolate(map: Float32Array, height: number, width: number, x: number, y: number): number {
  const cx = Math.min(Math.max(x, 0), width - 1.001);
  const cy = Math.min(Math.max(y, 0), height - 1.001);
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const fx = cx - x0;
  const fy = cy - y0;
  const i = y0 * width + x0;
  const upper = map[i] * (1 - fx) + map[i + 1] * fx;
  const lower = map[i + width] * (1 - fx) + map[i + width + 1] * fx;
  return upper * (1 - fy) + lower * fy;
}

function fadeBorder(map: Float32Array, height: number, width: number): void {
  const border = Math.min(borderWidth, Math.floor(width / 2), Math.floor(height / 2));
  for (let y = 0, i = 0; y < height; y++) {
    const factorY = Math.min(1, y / border, (height - 1 - y) / border);
    for (let x = 0; x < width; x++, i++) {
      map[i] *= factorY * Math.min(1, x / border, (width - 1 - x) / border);
    }
  }
}

/** Convolution with a separable triangle of that radius and sum 1; the map is mirrored at its border. */
function smoothTriangle(map: Float32Array, height: number, width: number, radius: number): Float32Array {
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) => radius + 1 - Math.abs(i - radius));
  const norm = 1 / (radius + 1) ** 2;
  const pass = (source: Float32Array, length: number, step: number, lines: number, lineStep: number) => {
    const offsets = Int32Array.from(
      { length: length + 2 * radius },
      (_, i) => mirrorIndex(i - radius, length) * step,
    );
    const result = new Float32Array(source.length);
    for (let line = 0; line < lines; line++) {
      const start = line * lineStep;
      for (let p = 0; p < length; p++) {
        let sum = 0;
        for (let k = 0; k < kernel.length; k++) sum += kernel[k] * source[start + offsets[p + k]];
        result[start + p * step] = sum * norm;
      }
    }
    return result;
  };
  const rows = pass(map, width, 1, height, width);
  return pass(rows, height, width, width, 1);
}

/** Index into a line that is mirrored at its ends, the end pixels repeated. */
export function mirrorIndex(i: number, length: number): number {
  const period = 2 * length;
  const p = ((i % period) + period) % period;
  return p < length ? p : period - 1 - p;
}

/** Central differences, one-sided at the border. */
function gradientX(map: Float32Array, height: number, width: number): Float32Array {
  const result = new Float32Array(map.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const left = x > 0 ? 1 : 0;
      const right = x < width - 1 ? 1 : 0;
      result[i] = (map[i + right] - map[i - left]) / Math.max(1, left + right);
    }
  }
  return result;
}

function gradientY(map: Float32Array, height: number, width: number): Float32Array {
  const result = new Float32Array(map.length);
  for (let y = 0, i = 0; y < height; y++) {
    const up = y > 0 ? 1 : 0;
    const down = y < height - 1 ? 1 : 0;
    for (let x = 0; x < width; x++, i++) {
      result[i] = (map[i + down * width] - map[i - up * width]) / Math.max(1, up + down);
    }
  }
  return result;
}

// SECTION * Morphological thinning to lines of one pixel: the two-step algorithm of Guo and Hall (1989) until nothing changes,
// which is MATLAB's `bwmorph(image, 'thin', Inf)` and scikit-image's `morphology.thin`.

/** Offsets [dy, dx] of the eight neighbours x1..x8, from the right, counter-clockwise. */
export const neighbours = [
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
  [1, 0],
  [1, 1],
] as const;

/** Whether a line pixel goes, by its neighbours (bit k = neighbour k + 1), in the first and the second half-step. */
export const removable = [removalTable(0), removalTable(4)] as const;

/** Thins a binary image [h, w] (1 = line; outside is 0). */
export function thin(binary: Uint8Array, height: number, width: number): Uint8Array {
  // A frame of zeros saves the tests for the border.
  const stride = width + 2;
  const image = new Uint8Array(stride * (height + 2));
  let lines: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!binary[i]) continue;
      const p = (y + 1) * stride + x + 1;
      image[p] = 1;
      lines.push(p);
    }
  }
  const offsets = neighbours.map(([dy, dx]) => dy * stride + dx);
  for (let changed = true; changed; ) {
    changed = false;
    for (const table of removable) {
      // All decisions of a half-step are made on the image before it.
      const gone = lines.filter((p) => table[pattern(image, p, offsets)]);
      if (gone.length === 0) continue;
      changed = true;
      for (const p of gone) image[p] = 0;
      lines = lines.filter((p) => image[p]);
    }
  }
  const result = new Uint8Array(height * width);
  for (const p of lines) result[(Math.floor(p / stride) - 1) * width + (p % stride) - 1] = 1;
  return result;
}

function pattern(image: Uint8Array, p: number, offsets: readonly number[]): number {
  let bits = 0;
  for (let k = 0; k < 8; k++) bits |= image[p + offsets[k]] << k;
  return bits;
}

/**
 * Guo and Hall's conditions for each pattern of neighbours: exactly one run of lines around the pixel (G1), not an end
 * of a line nor inside an area (G2), and on the side that this half-step eats from (G3, turned by `turn` neighbours).
 */
function removalTable(turn: 0 | 4): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, bits) => {
    const x = (k: number) => (bits >> ((k - 1) % 8)) & 1;
    let crossings = 0;
    let pairs = 0;
    let shiftedPairs = 0;
    for (let i = 1; i <= 4; i++) {
      if (!x(2 * i - 1) && (x(2 * i) || x(2 * i + 1))) crossings++;
      if (x(2 * i - 1) || x(2 * i)) pairs++;
      if (x(2 * i) || x(2 * i + 1)) shiftedPairs++;
    }
    const thickness = Math.min(pairs, shiftedPairs);
    const keptSide = (x(2 + turn) || x(3 + turn) || !x(8 + turn)) && x(1 + turn);
    return crossings === 1 && thickness >= 2 && thickness <= 3 && !keptSide ? 1 : 0;
  });
}

/** Removes connected lines (eight neighbours) of fewer than `minimumSize` pixels from a binary image [h, w]. */
export function removeSmallComponents(
  binary: Uint8Array,
  height: number,
  width: number,
  minimumSize: number,
): Uint8Array {
  const result = Uint8Array.from(binary);
  const seen = new Uint8Array(binary.length);
  for (let start = 0; start < binary.length; start++) {
    if (!binary[start] || seen[start]) continue;
    seen[start] = 1;
    const component = [start];
    // The list grows while it is walked: a breadth-first search.
    for (let k = 0; k < component.length; k++) {
      const p = component[k];
      const y = Math.floor(p / width);
      const x = p % width;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const q = ny * width + nx;
          if (!binary[q] || seen[q]) continue;
          seen[q] = 1;
          component.push(q);
        }
      }
    }
    if (component.length < minimumSize) for (const p of component) result[p] = 0;
  }
  return result;
}

/** Resizes a map of floats [h, w]: bilinear with half-pixel centres, the filter widened when it shrinks (antialiased). */
export function resizeMap(
  map: Float32Array,
  height: number,
  width: number,
  newHeight: number,
  newWidth: number,
): Float32Array {
  const rows = weights(height, newHeight);
  const columns = weights(width, newWidth);
  const narrow = new Float32Array(height * newWidth);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, values }, x) => {
      let sum = 0;
      for (let k = 0; k < values.length; k++) sum += values[k] * map[y * width + first + k];
      narrow[y * newWidth + x] = sum;
    });
  }
  const result = new Float32Array(newHeight * newWidth);
  rows.forEach(({ first, values }, y) => {
    for (let k = 0; k < values.length; k++) {
      const source = (first + k) * newWidth;
      for (let x = 0; x < newWidth; x++) result[y * newWidth + x] += values[k] * narrow[source + x];
    }
  });
  return result;
}

/** For every new position the old positions that it averages, with weights of sum 1. */
function weights(length: number, newLength: number): { first: number; values: number[] }[] {
  const scale = length / newLength;
  const reach = Math.max(1, scale);
  return Array.from({ length: newLength }, (_, i) => {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(length - 1, Math.floor(centre + reach));
    const values = Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k - centre) / reach),
    );
    const sum = values.reduce((a, b) => a + b, 0);
    return { first, values: values.map((v) => v / sum) };
  });
}
