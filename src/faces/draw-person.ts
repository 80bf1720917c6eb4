/** Draws a whole person from a seed. Each part has its own random stream, so that a change to one moves no other. */
import { type RandomStream, stream } from '../runtime/seed.ts';
import { hsv, type Rgb, scale, srgb } from './colour.ts';
import {
  drawBeard,
  drawBrows,
  drawClothing,
  drawEyes,
  drawGlasses,
  drawHair,
  drawHat,
  drawSkin,
} from './draw-looks.ts';
import { type Body, drawTargets } from './draw-shape.ts';
import { normalize } from './geometry.ts';
import { clamp } from './noise.ts';
import type { Background, Light, Person } from './person.ts';

function drawBody(random: RandomStream): Body {
  const ancestry = {
    african: random.uniform() ** 2 * 0.6,
    asian: random.uniform() ** 2 * 0.6,
    caucasian: random.uniform() ** 2 * 0.6,
  };
  ancestry[random.pick(['african', 'asian', 'caucasian', 'caucasian'] as const)] += 1.3;
  const sum = ancestry.african + ancestry.asian + ancestry.caucasian;
  for (const origin of ['african', 'asian', 'caucasian'] as const) ancestry[origin] /= sum;
  const child = random.uniform() < 0.05 ? random.uniform(0.3, 0.6) : 0;
  const aged = random.uniform() < 0.25 ? random.uniform(0.35, 0.95) : random.uniform(0, 0.25);
  const old = child > 0 ? 0 : aged;
  return { female: random.uniform() < 0.55, ancestry, ages: { child, old, young: 1 - child - old } };
}

function drawLight(random: RandomStream): Light {
  const side = random.uniform(-1, 1);
  const warmth = random.uniform(-1, 1);
  const tint = (w: number): Rgb => [1 + 0.07 * w, 1, 1 - 0.1 * w];
  const key = random.uniform(0.55, 0.95);
  const ambient = random.uniform(0.28, 0.5);
  return {
    key: normalize([side * 0.9, random.uniform(0.15, 0.9), 0.95]),
    fill: normalize([
      -Math.sign(side) * random.uniform(0.7, 1.4),
      random.uniform(-0.1, 0.4),
      random.uniform(-0.3, 0.6),
    ]),
    keyColour: scale(tint(warmth), key),
    fillColour: scale(tint(-warmth), random.uniform(0.05, 0.35)),
    sky: scale(tint(-warmth * 0.5), ambient),
    ground: scale(tint(warmth + 0.5), ambient * random.uniform(0.5, 0.8)),
    hardness: random.uniform(0.35, 0.9),
  };
}

function drawBackground(random: RandomStream): Background {
  const kind = random.pick(['gradient', 'gradient', 'bokeh', 'indoor', 'outdoor', 'panels'] as const);
  const hue = random.uniform();
  const colours = [0, 1, 2, 3].map((i) => {
    const grey = random.uniform() < 0.35;
    const saturation = grey ? random.uniform(0, 0.12) : random.uniform(0.1, 0.55);
    const h = (hue + (i === 0 ? 0 : random.normal() * 0.12) + 2) % 1;
    return hsv(h, saturation, random.uniform(0.12, 0.95));
  });
  return { kind, colours, seed: random.integer(0, 1 << 30) };
}

/** The person of that seed; equal seeds give equal persons. */
export function drawPerson(seed: number | string): Person {
  const part = (name: string) => stream(seed, 'faces', name);
  const body = drawBody(part('body'));
  const looks = part('looks');
  const posing = part('pose');
  const worn = part('worn');
  const pose = {
    yaw: clamp(posing.normal() * 0.24, -0.6, 0.6),
    pitch: clamp(posing.normal() * 0.08, -0.2, 0.2),
    roll: posing.normal() * 0.05,
  };
  const skin = drawSkin(looks, body);
  const hair = drawHair(part('hair'), body, skin.tone);
  const metal = worn.pick([srgb(214, 178, 104), srgb(206, 208, 214), srgb(240, 236, 228)]);
  return {
    seed: part('detail').integer(0, 1 << 30),
    female: body.female,
    child: body.ages.child > 0,
    targets: drawTargets(part('shape'), body),
    skin,
    eyes: drawEyes(looks, body, skin.tone, pose),
    brows: drawBrows(looks, body, hair.colour),
    hair,
    beard: drawBeard(looks, body),
    glasses: drawGlasses(worn),
    hat: drawHat(worn, hair.style),
    earrings: body.female && worn.uniform() < 0.4 ? metal : undefined,
    necklace: body.female && worn.uniform() < 0.25 ? metal : undefined,
    clothing: drawClothing(worn, body),
    pose,
    camera: {
      distance: posing.uniform(8.5, 14),
      zoom: posing.uniform(0.97, 1.08),
      dx: posing.normal() * 0.012,
      dy: posing.normal() * 0.01,
    },
    light: drawLight(part('light')),
    background: drawBackground(part('background')),
  };
}
