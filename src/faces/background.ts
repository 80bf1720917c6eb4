/** What is behind the person: out of focus, never flat. Painted on a coarse grid and enlarged smoothly. */
import { mix, type Rgb, scale } from './colour.ts';
import { hash, noise3, smoothstep } from './noise.ts';
import type { Background } from './person.ts';

const GRID = 72;

type Paint = (x: number, y: number) => Rgb;

function gradient({ colours, seed }: Background): Paint {
  const angle = hash(1, seed) * 6.28;
  const [cx, cy] = [0.5 + 0.35 * Math.cos(angle), 0.4 + 0.3 * Math.sin(angle)];
  return (x, y) => {
    const cloud = noise3(x * 3 + (seed % 61), y * 3, 1.5);
    return mix(
      colours[0],
      colours[1],
      smoothstep(0.05, 0.85, Math.hypot(x - cx, y - cy) + 0.3 * (cloud - 0.5)),
    );
  };
}

/** Lights out of focus on a dark ground. */
function bokeh({ colours, seed }: Background): Paint {
  const discs = Array.from({ length: 16 }, (_, i) => ({
    x: hash(i, seed + 1) * 1.2 - 0.1,
    y: hash(i, seed + 2) * 1.1 - 0.1,
    r: 0.04 + 0.11 * hash(i, seed + 3),
    colour: scale(colours[1 + (i % 3)], 0.5 + 1.2 * hash(i, seed + 4)),
  }));
  return (x, y) => {
    let c = scale(mix(colours[0], colours[1], y * 0.6), 0.35);
    for (const disc of discs) {
      const inside = smoothstep(disc.r * 1.25, disc.r * 0.75, Math.hypot(x - disc.x, y - disc.y));
      c = mix(c, disc.colour, inside * 0.6);
    }
    return c;
  };
}

/** Walls, shelves and doorways: upright and level bands of different width. */
function indoor({ colours, seed }: Background): Paint {
  const boxes = Array.from({ length: 7 }, (_, i) => {
    const upright = hash(i, seed + 5) < 0.65;
    const wide = 0.05 + 0.22 * hash(i, seed + 6);
    const x = hash(i, seed + 7);
    const y = hash(i, seed + 8);
    return {
      box: upright ? [x, y * 0.4 - 0.3, x + wide, y * 0.4 + 0.9] : [x - 0.4, y, x + 0.4, y + wide * 0.6],
      colour: scale(colours[i % 4], 0.4 + 0.9 * hash(i, seed + 9)),
    };
  });
  return (x, y) => {
    let c = mix(colours[0], scale(colours[0], 0.5), y);
    for (const { box, colour } of boxes) {
      const e = 0.02;
      const inside =
        smoothstep(box[0] - e, box[0] + e, x) *
        smoothstep(box[2] + e, box[2] - e, x) *
        smoothstep(box[1] - e, box[1] + e, y) *
        smoothstep(box[3] + e, box[3] - e, y);
      c = mix(c, colour, inside * 0.8);
    }
    return c;
  };
}

/** Leaves with sky between them, or a bright horizon. */
function outdoor({ colours, seed }: Background): Paint {
  const sky: Rgb = [0.62, 0.74, 0.86];
  const green: Rgb = [0.1, 0.2, 0.06];
  const leaf = mix(green, colours[0], 0.25);
  const horizon = 0.15 + 0.5 * hash(2, seed);
  return (x, y) => {
    const s = seed % 53;
    const clump = noise3(x * 5 + s, y * 5, 2.5) * 0.65 + noise3(x * 11 + s, y * 11, 7.5) * 0.35;
    const shade = 0.35 + 1.5 * noise3(x * 7 + s, y * 7, 4.5);
    const open = smoothstep(0.5, 0.66, clump + 0.5 * (horizon - y));
    return mix(scale(leaf, shade), sky, open * 0.9);
  };
}

/** A backdrop of repeated panels, as at public events. */
function panels({ colours, seed }: Background): Paint {
  const step = 0.16 + 0.2 * hash(3, seed);
  return (x, y) => {
    const i = Math.floor(x / step + hash(4, seed));
    const j = Math.floor((y / step) * 1.6);
    const fx = (x / step + hash(4, seed)) % 1;
    const fy = ((y / step) * 1.6) % 1;
    const mark =
      smoothstep(0.2, 0.3, fx) *
      smoothstep(0.8, 0.7, fx) *
      smoothstep(0.35, 0.45, fy) *
      smoothstep(0.7, 0.6, fy);
    const base = mix(colours[0], colours[1], smoothstep(0, 1, y) * 0.4);
    return mix(base, colours[2 + ((i + j) & 1)], mark * (0.3 + 0.4 * hash(i * 7 + j, seed)));
  };
}

const PAINTERS = { gradient, bokeh, indoor, outdoor, panels };

/** Fills `colour` (size x size x 3, linear light) with the background. */
export function paintBackground(background: Background, size: number, colour: Float32Array): void {
  const paint = PAINTERS[background.kind](background);
  const n = GRID + 1;
  const grid = new Float32Array(n * n * 3);
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      const c = paint(x / GRID, y / GRID);
      for (let k = 0; k < 3; k++) grid[(y * n + x) * 3 + k] = c[k];
    }
  }
  const step = GRID / size;
  for (let y = 0; y < size; y++) {
    const gy = (y + 0.5) * step;
    const y0 = Math.floor(gy);
    const fy = gy - y0;
    for (let x = 0; x < size; x++) {
      const gx = (x + 0.5) * step;
      const x0 = Math.floor(gx);
      const fx = gx - x0;
      const g = (y0 * n + x0) * 3;
      const o = (y * size + x) * 3;
      for (let k = 0; k < 3; k++) {
        const upper = grid[g + k] + (grid[g + 3 + k] - grid[g + k]) * fx;
        const lower = grid[g + n * 3 + k] + (grid[g + n * 3 + 3 + k] - grid[g + n * 3 + k]) * fx;
        colour[o + k] = upper + (lower - upper) * fy;
      }
    }
  }
}
