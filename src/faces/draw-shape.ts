/** Draws the shape of a head and its expression: weights of MakeHuman's and ARKit's morph targets. */
import type { RandomStream } from '../runtime/seed.ts';
import { clamp } from './noise.ts';

interface Ancestry {
  african: number;
  asian: number;
  caucasian: number;
}
export interface Body {
  female: boolean;
  /** Shares of the age targets; they sum to 1. */
  ages: { child: number; young: number; old: number };
  ancestry: Ancestry;
}
type Weights = [string, number][];

/** Pairs of opposite targets (base name, names of the two ends) and the spread of the value drawn for them. */
const PAIRS: readonly [string, string, string, number][] = [
  ['head-fat', 'decr', 'incr', 0.32],
  ['head-scale-horiz', 'decr', 'incr', 0.35],
  ['head-scale-vert', 'decr', 'incr', 0.25],
  ['head-age', 'decr', 'incr', 0.2],
  ['chin-bones', 'decr', 'incr', 0.4],
  ['chin-height', 'decr', 'incr', 0.35],
  ['chin-prominent', 'decr', 'incr', 0.4],
  ['chin-width', 'decr', 'incr', 0.4],
  ['chin-jaw-drop', 'decr', 'incr', 0.3],
  ['chin-prognathism', 'decr', 'incr', 0.2],
  ['chin-cleft', 'decr', 'incr', 0.3],
  ['forehead-nubian', 'decr', 'incr', 0.35],
  ['forehead-scale-vert', 'decr', 'incr', 0.3],
  ['forehead-temple', 'decr', 'incr', 0.35],
  ['nose-hump', 'decr', 'incr', 0.27],
  ['nose-nostrils-width', 'decr', 'incr', 0.27],
  ['nose-point-width', 'decr', 'incr', 0.27],
  ['nose-scale-depth', 'decr', 'incr', 0.3],
  ['nose-scale-horiz', 'decr', 'incr', 0.3],
  ['nose-scale-vert', 'decr', 'incr', 0.27],
  ['nose-width1', 'decr', 'incr', 0.27],
  ['nose-width2', 'decr', 'incr', 0.27],
  ['nose-width3', 'decr', 'incr', 0.27],
  ['nose-volume', 'decr', 'incr', 0.3],
  ['nose-flaring', 'decr', 'incr', 0.27],
  ['nose-point', 'down', 'up', 0.27],
  ['nose-curve', 'concave', 'convex', 0.27],
  ['nose-base', 'down', 'up', 0.3],
  ['mouth-lowerlip-volume', 'decr', 'incr', 0.4],
  ['mouth-upperlip-volume', 'decr', 'incr', 0.4],
  ['mouth-lowerlip-height', 'decr', 'incr', 0.4],
  ['mouth-upperlip-height', 'decr', 'incr', 0.4],
  ['mouth-scale-horiz', 'decr', 'incr', 0.4],
  ['mouth-cupidsbow', 'decr', 'incr', 0.45],
  ['mouth-philtrum-volume', 'decr', 'incr', 0.35],
  ['mouth-angles', 'down', 'up', 0.25],
  ['mouth-trans', 'down', 'up', 0.25],
  ['neck-scale-horiz', 'decr', 'incr', 0.3],
  ['neck-double', 'decr', 'incr', 0.3],
];
/** The same for targets that exist once for each side and change alike. */
const SIDED: readonly [string, string, string, number][] = [
  ['eye-height1', 'decr', 'incr', 0.3],
  ['eye-height2', 'decr', 'incr', 0.3],
  ['eye-height3', 'decr', 'incr', 0.3],
  ['eye-scale', 'decr', 'incr', 0.3],
  ['eye-bag', 'decr', 'incr', 0.35],
  ['eye-trans', 'in', 'out', 0.3],
  ['eye-corner1', 'down', 'up', 0.3],
  ['eye-corner2', 'down', 'up', 0.3],
  ['eye-eyefold', 'concave', 'convex', 0.35],
  ['eye-eyefold-angle', 'down', 'up', 0.3],
  ['cheek-bones', 'decr', 'incr', 0.45],
  ['cheek-volume', 'decr', 'incr', 0.4],
  ['cheek-inner', 'decr', 'incr', 0.4],
  ['ear-scale', 'decr', 'incr', 0.35],
  ['ear-wing', 'decr', 'incr', 0.4],
  ['ear-lobe', 'decr', 'incr', 0.4],
];
/** The model's own average is broader and flatter than people in portraits. */
const MEANS: Record<string, number> = {
  'head-scale-horiz': -0.3,
  'head-fat': -0.15,
  'forehead-scale-vert': 0.1,
  'nose-scale-horiz': -0.1,
  'eye-scale': 0.25,
  'mouth-angles': 0.12,
};
const SOFT_SHAPES = ['oval', 'round', 'invertedtriangular', 'diamond'];
const ANGULAR_SHAPES = ['rectangular', 'square', 'triangular'];

function macroTargets(random: RandomStream, { female, ages, ancestry }: Body): Weights {
  const gender = female ? 'female' : 'male';
  const weights: Weights = [];
  const build = random.pick(['minweight', 'averageweight', 'averageweight', 'maxweight']);
  const amount = random.uniform(0, build === 'maxweight' ? 0.45 : 0.5);
  for (const [age, share] of Object.entries(ages)) {
    for (const [origin, part] of Object.entries(ancestry)) {
      weights.push([`${origin}-${gender}-${age}`, share * part]);
    }
    weights.push([`universal-${gender}-${age}-averagemuscle-averageweight`, share * (1 - amount)]);
    weights.push([`universal-${gender}-${age}-averagemuscle-${build}`, share * amount]);
  }
  return weights;
}

function detailTargets(random: RandomStream, { ancestry, female }: Body): Weights {
  const weights: Weights = [];
  const draw = (spread: number) => clamp(random.normal() * spread, -0.85, 0.85);
  for (const [name, low, high, spread] of PAIRS) {
    const value = draw(spread) + (MEANS[name] ?? 0);
    weights.push([`${name}-${value < 0 ? low : high}`, Math.abs(value)]);
  }
  for (const [name, low, high, spread] of SIDED) {
    const value = draw(spread) + (MEANS[name] ?? 0);
    for (const side of ['l', 'r']) {
      // No face is quite symmetric.
      const own = clamp(value + random.normal() * 0.06, -0.9, 0.9);
      weights.push([`${side}-${name}-${own < 0 ? low : high}`, Math.abs(own)]);
    }
  }
  const angular = female ? 0.08 : 0.25;
  for (const shape of SOFT_SHAPES) {
    if (random.uniform() < 0.35) weights.push([`head-${shape}`, random.uniform(0.1, 0.6)]);
  }
  for (const shape of ANGULAR_SHAPES) {
    if (random.uniform() < angular) weights.push([`head-${shape}`, random.uniform(0.1, 0.5)]);
  }
  if (female)
    weights.push(['chin-width-decr', random.uniform(0, 0.5)], ['chin-bones-decr', random.uniform(0, 0.4)]);
  if (ancestry.asian > 0.5) {
    const fold = random.uniform(0.1, 0.7);
    weights.push(['l-eye-epicanthus-in', fold], ['r-eye-epicanthus-in', fold]);
  }
  return weights;
}

/** Both sides of an ARKit unit, the right one weaker or stronger by up to `uneven`. */
function unit(random: RandomStream, name: string, weight: number, uneven = 0.12): Weights {
  return [
    [`${name}Left`, weight],
    [`${name}Right`, Math.max(0, weight * (1 + random.uniform(-uneven, uneven)))],
  ];
}

function expressionTargets(random: RandomStream): Weights {
  const mood = random.uniform();
  const weights: Weights = [];
  // Neutral brows of the base mesh look stern; portraits are mostly relaxed or smiling.
  const raise = random.uniform(0.05, 0.35);
  weights.push(
    ['browInnerUp', raise * random.uniform(0.1, 0.7)],
    ...unit(random, 'browOuterUp', raise * 0.7),
  );
  weights.push(...unit(random, 'eyeWide', random.uniform(0.1, 0.5)));
  if (mood < 0.72) {
    const smile = random.uniform(0.2, 1);
    weights.push(...unit(random, 'mouthSmile', smile), ...unit(random, 'cheekSquint', smile * 0.35));
    weights.push(...unit(random, 'eyeSquint', smile * random.uniform(0, 0.2)));
    if (smile > 0.4 && random.uniform() < 0.75) {
      const teeth = random.uniform(0.3, 0.65);
      weights.push(...unit(random, 'mouthUpperUp', teeth), ...unit(random, 'mouthLowerDown', teeth * 0.75));
      weights.push(['jawOpen', random.uniform(0.0, 0.18)]);
    }
  } else if (mood < 0.8) {
    weights.push(['jawOpen', random.uniform(0.1, 0.35)]);
  } else if (mood < 0.83) {
    weights.push(['mouthPucker', random.uniform(0.2, 0.7)]);
  } else if (mood < 0.86) {
    weights.push(...unit(random, 'mouthFrown', random.uniform(0.2, 0.6)));
    weights.push(...unit(random, 'browDown', random.uniform(0.1, 0.5)));
  }
  if (random.uniform() < 0.03) weights.push(...unit(random, 'eyeBlink', 1, 0));
  else weights.push(...unit(random, 'eyeBlink', random.uniform(0, 0.05), 0));
  if (random.uniform() < 0.2)
    weights.push([random.pick(['mouthLeft', 'mouthRight']), random.uniform(0, 0.25)]);
  return weights;
}

/** @returns names of morph targets and their weights, most of them in [0, 1]. */
export function drawTargets(random: RandomStream, body: Body): Weights {
  const weights = macroTargets(random, body);
  weights.push(...detailTargets(random, body), ...expressionTargets(random));
  return weights.filter(([, weight]) => Math.abs(weight) > 1e-3);
}
