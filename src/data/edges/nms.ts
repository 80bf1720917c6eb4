/**
 * Non-maximum suppression of an edge map: keeps the ridge of every soft line. The method is that of Piotr Dollár's
 * structured edges toolbox as pix2pix's edge post-processing calls it: orientation from the second derivatives of the
 * smoothed map, one neighbour on either side across the line, damping near the border.
 */

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
      (_, i) => mirror(i - radius, length) * step,
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
function mirror(i: number, length: number): number {
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
