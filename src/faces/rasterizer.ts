/**
 * A z-buffered triangle rasteriser. It stores which triangle is seen at each sample, and where in it, and leaves
 * the shading to a second pass, so that every sample is shaded once however many surfaces lie behind it.
 */

/** What is seen at each sample of a `width` x `height` grid; larger depths are nearer. */
export interface Visibility {
  readonly width: number;
  readonly height: number;
  readonly depth: Float32Array;
  /** 0 where nothing is seen, else the number given to {@link rasterize}. */
  readonly surface: Uint8Array;
  readonly triangle: Uint32Array;
  /** Barycentric weights of the triangle's first and second corner. */
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export function createVisibility(width: number, height: number): Visibility {
  const n = width * height;
  return {
    width,
    height,
    depth: new Float32Array(n).fill(-1e9),
    surface: new Uint8Array(n),
    triangle: new Uint32Array(n),
    first: new Float32Array(n),
    second: new Float32Array(n),
  };
}

/**
 * Draws triangles into the buffer.
 * @param screen x, y in samples and depth of each vertex, three values a vertex.
 * @param triangles three vertex numbers a triangle; both faces are drawn.
 * @param surface the number (1-255) to store for them.
 */
export function rasterize(
  target: Visibility,
  screen: Float32Array,
  triangles: Uint32Array,
  surface: number,
): void {
  const { width, height, depth } = target;
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t] * 3;
    const b = triangles[t + 1] * 3;
    const c = triangles[t + 2] * 3;
    const ax = screen[a];
    const ay = screen[a + 1];
    const bx = screen[b];
    const by = screen[b + 1];
    const cx = screen[c];
    const cy = screen[c + 1];
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    if (area > -1e-6 && area < 1e-6) continue;
    const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
    const x1 = Math.min(width - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
    const y0 = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const y1 = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    if (x1 < x0 || y1 < y0) continue;
    const inverse = 1 / area;
    const stepA = (by - cy) * inverse;
    const stepB = (cy - ay) * inverse;
    const az = screen[a + 2];
    const bz = screen[b + 2];
    const cz = screen[c + 2];
    for (let y = y0; y <= y1; y++) {
      const py = y + 0.5;
      const px = x0 + 0.5;
      let wa = ((bx - px) * (cy - py) - (cx - px) * (by - py)) * inverse;
      let wb = ((cx - px) * (ay - py) - (ax - px) * (cy - py)) * inverse;
      for (let o = y * width + x0; o <= y * width + x1; o++, wa += stepA, wb += stepB) {
        const wc = 1 - wa - wb;
        if (wa < 0 || wb < 0 || wc < 0) continue;
        const z = wa * az + wb * bz + wc * cz;
        if (z <= depth[o]) continue;
        depth[o] = z;
        target.surface[o] = surface;
        target.triangle[o] = t;
        target.first[o] = wa;
        target.second[o] = wb;
      }
    }
  }
}

// What the second pass shades: triangles on projected vertices, each with a way to colour a point in a triangle.

/** Writes the linear-light colour of a point into `out`; the weights of the triangle's corners sum to 1. */
export type Shader = (triangle: number, wa: number, wb: number, wc: number, out: Float32Array) => void;

export interface Surface {
  /** View-space vertices. */
  readonly positions: Float32Array;
  readonly triangles: Uint32Array;
  readonly shade: Shader;
}

/** The picture being made, `size` x `size` samples: linear-light colours and the depth of what is seen. */
export interface Frame {
  readonly size: number;
  readonly colour: Float32Array;
  readonly depth: Float32Array;
}
