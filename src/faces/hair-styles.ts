/** Where hair grows and how each style is cut and combed. Places are on the resting head, eyes at the origin. */
import { underHat } from './clothing.ts';
import { clamp, smoothstep } from './noise.ts';
import type { HairStyle, Person } from './person.ts';
import type { Density } from './strands.ts';

export interface Style {
  /** Decimetres, or where `cut` is given the most that reaches it. */
  length: number;
  /** The height over the eyes at which hair ends, if it is cut level. */
  cut?: number | undefined;
  comb: 'whorl' | 'part' | 'side' | 'back' | 'out' | 'bun';
  /** How strongly the comb, gravity and the strand's own direction steer it. */
  combing: number;
  gravity: number;
  stiffness: number;
  /** How far the outermost hair stands off the scalp, decimetres. */
  height: number;
  curlRadius: number;
  /** Turns to a decimetre. */
  curlRate: number;
  strands: number;
  points: number;
  radius: number;
  /** Front hair that falls on the forehead, 0-1. */
  fringe: number;
}

const SHORT: Style = {
  length: 0.3,
  comb: 'whorl',
  combing: 1,
  gravity: 0.12,
  stiffness: 0.6,
  height: 0.1,
  curlRadius: 0,
  curlRate: 0,
  strands: 3600,
  points: 7,
  radius: 0.008,
  fringe: 0,
};
const LONG: Style = {
  ...SHORT,
  length: 3.3,
  cut: -2.3,
  comb: 'part',
  gravity: 0.8,
  stiffness: 0.7,
  height: 0.1,
  strands: 2600,
  points: 20,
  radius: 0.0105,
};

export const STYLES: Record<HairStyle, Style> = {
  bald: { ...SHORT, strands: 0 },
  balding: { ...SHORT, length: 0.2, height: 0.05, strands: 2600 },
  buzz: { ...SHORT, length: 0.07, height: 0.03, combing: 0.3, points: 4, strands: 4200 },
  short: SHORT,
  sidePart: { ...SHORT, comb: 'side', length: 0.5, height: 0.17, points: 9 },
  sweptBack: { ...SHORT, comb: 'back', length: 0.6, height: 0.19, gravity: 0.05, points: 9 },
  fringe: { ...SHORT, length: 0.5, gravity: 0.3, height: 0.13, fringe: 0.8, points: 9 },
  curly: {
    ...SHORT,
    comb: 'out',
    length: 0.75,
    gravity: 0.25,
    height: 0.3,
    curlRadius: 0.045,
    curlRate: 3.2,
    strands: 2300,
    points: 20,
    radius: 0.011,
  },
  afro: {
    ...SHORT,
    comb: 'out',
    length: 0.62,
    gravity: 0.02,
    height: 0.55,
    curlRadius: 0.05,
    curlRate: 4,
    strands: 2800,
    points: 18,
    radius: 0.011,
  },
  bob: { ...LONG, length: 1.9, cut: -0.75, strands: 2600, points: 16 },
  long: LONG,
  wavy: { ...LONG, curlRadius: 0.07, curlRate: 0.75, points: 24, height: 0.13 },
  bun: {
    ...LONG,
    length: 1.6,
    cut: undefined,
    comb: 'bun',
    gravity: 0,
    height: 0.05,
    points: 10,
    strands: 3000,
  },
};

/** Heights of the hairline by angle (degrees) about the vertical through the skull, from the front to the back. */
const LINE: readonly (readonly [number, number])[] = [
  [0, 0.71],
  [18, 0.71],
  [33, 0.66],
  [45, 0.5],
  [55, 0.28],
  [61, 0.08],
  [67, -0.12],
  [73, -0.05],
  [78, 0.12],
  [90, 0.15],
  [99, 0.06],
  [107, -0.28],
  [120, -0.55],
  [180, -0.68],
];

/** How densely scalp hair grows, with a soft line in front. */
export function scalpDensity({ hair, hat }: Person): Density {
  if (hair.style === 'bald') return () => 0;
  const balding = hair.style === 'balding';
  return (x, y, z) => {
    // The face and the neck: most vertices, and no hair.
    if (y < -0.9 || (z > 0.05 && y < 0.4)) return 0;
    if (underHat(hat, y, z)) return 0;
    const angle = (Math.atan2(Math.abs(x), z + 0.75) * 180) / Math.PI;
    let i = 1;
    while (i + 1 < LINE.length && LINE[i][0] < angle) i++;
    const [a0, h0] = LINE[i - 1];
    const [a1, h1] = LINE[i];
    let line = h0 + (h1 - h0) * clamp((angle - a0) / (a1 - a0));
    line += hair.hairline * smoothstep(60, 30, angle);
    line += hair.temples * 0.16 * Math.exp(-(((angle - 30) / 11) ** 2));
    // Without this the line is a compass curve.
    line += 0.018 * Math.sin(angle * 0.55 + hair.part * 20) * smoothstep(70, 40, angle);
    const grown = smoothstep(-0.015, 0.075, y - line);
    return balding ? grown * smoothstep(0.75, 0.45, y) * smoothstep(50, 88, angle) : grown;
  };
}
