/** Draws a whole person at random from a seed: the body, the looks, the clothes, the light and the background. */
import { type RandomStream, stream } from '../runtime/seed.ts';
import { hsv, mix, multiply, type Rgb, ramp, scale, srgb } from './colour.ts';
import { type Body, drawTargets } from './draw-shape.ts';
import { normalize } from './geometry.ts';
import { clamp } from './noise.ts';
import type {
  Background,
  Beard,
  Brows,
  Clothing,
  Eyes,
  Glasses,
  Hair,
  HairStyle,
  Hat,
  Light,
  Person,
  Skin,
} from './person.ts';

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

/**
 * The person of that seed; equal seeds give equal persons. Each part has its own random stream, so that a change to one
 * part leaves the others as they were.
 */
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

// Draws the looks of a person: skin, eyes, brows, hair, beard, clothes and what is worn.

const SKIN = [
  srgb(238, 203, 184),
  srgb(228, 186, 162),
  srgb(216, 166, 137),
  srgb(193, 139, 106),
  srgb(156, 105, 76),
  srgb(116, 76, 56),
  srgb(80, 53, 42),
];
const HAIR = {
  black: srgb(30, 26, 25),
  darkBrown: srgb(52, 37, 29),
  brown: srgb(82, 55, 36),
  chestnut: srgb(112, 68, 40),
  auburn: srgb(124, 58, 34),
  ginger: srgb(168, 90, 46),
  darkBlond: srgb(150, 114, 72),
  blond: srgb(198, 160, 106),
  pale: srgb(224, 198, 150),
  grey: srgb(140, 136, 132),
  white: srgb(206, 204, 200),
};
const IRIS = {
  dark: srgb(56, 36, 24),
  brown: srgb(92, 58, 32),
  hazel: srgb(116, 94, 52),
  green: srgb(88, 112, 76),
  blue: srgb(92, 128, 164),
  grey: srgb(120, 136, 146),
};

function vary(random: RandomStream, colour: Rgb, amount: number): Rgb {
  const level = 1 + random.uniform(-amount, amount);
  return multiply(scale(colour, level), [
    1 + random.uniform(-amount, amount) * 0.3,
    1,
    1 + random.uniform(-amount, amount) * 0.3,
  ]);
}

function drawSkin(random: RandomStream, { female, ages, ancestry }: Body): Skin {
  const mean = ancestry.african * 0.84 + ancestry.asian * 0.33 + ancestry.caucasian * 0.15;
  const tone = clamp(mean + random.normal() * 0.1);
  const colour = vary(random, ramp(SKIN, tone), 0.06);
  const natural = mix(multiply(colour, [0.92, 0.6, 0.6]), srgb(176, 88, 84), 0.35 - tone * 0.2);
  const painted = female && ages.child === 0 && random.uniform() < 0.55;
  const paint = vary(
    random,
    random.pick([srgb(178, 44, 60), srgb(190, 84, 88), srgb(140, 40, 58), srgb(204, 104, 104)]),
    0.2,
  );
  return {
    colour,
    tone,
    blush: random.uniform(0.2, 0.7) * (female ? 1.2 : 0.9) * (1 - tone * 0.4),
    freckles: tone < 0.3 && random.uniform() < 0.25 ? random.uniform(0.3, 1) : 0,
    shine: random.uniform(0.4, 1.1),
    wear: clamp(ages.old + random.uniform(-0.1, 0.2)),
    lips: painted
      ? mix(natural, scale(paint, 1 - 0.45 * tone), random.uniform(0.35, 0.85))
      : vary(random, natural, 0.08),
    lipstick: painted ? random.uniform(0.8, 1) : random.uniform(0.5, 0.75),
    eyeshadow: random.pick([srgb(92, 70, 84), srgb(118, 78, 58), srgb(74, 82, 106), srgb(60, 46, 44)]),
    eyeshadowStrength: female && ages.child === 0 && random.uniform() < 0.55 ? random.uniform(0.2, 0.7) : 0,
  };
}

function drawEyes(
  random: RandomStream,
  { female, ancestry }: Body,
  tone: number,
  pose: { yaw: number; pitch: number },
): Eyes {
  const dark = tone > 0.42 || ancestry.asian > 0.55;
  const iris = dark
    ? random.pick([IRIS.dark, IRIS.dark, IRIS.brown])
    : random.pick([IRIS.brown, IRIS.hazel, IRIS.green, IRIS.blue, IRIS.blue, IRIS.grey]);
  // Most people look at the camera, whatever way the head is turned.
  const away = random.uniform() < 0.75 ? 0.05 : 0.2;
  return {
    iris: vary(random, iris, 0.2),
    gaze: [
      clamp(-pose.yaw * 0.85, -0.4, 0.4) + random.normal() * away,
      -pose.pitch * 0.8 + random.normal() * away * 0.4,
    ],
    lashes: female ? random.uniform(0.7, 1) : random.uniform(0.35, 0.6),
  };
}

function hairColour(random: RandomStream, { ages, ancestry }: Body, tone: number): Rgb {
  if (ages.old > 0.45 && random.uniform() < 0.75) {
    return vary(random, mix(HAIR.grey, HAIR.white, random.uniform()), 0.12);
  }
  if (tone > 0.45) return vary(random, random.uniform() < 0.85 ? HAIR.black : HAIR.darkBrown, 0.2);
  const { black, darkBrown, brown, chestnut, auburn, ginger, darkBlond, blond, pale } = HAIR;
  const colours =
    ancestry.asian > 0.55
      ? [black, black, black, darkBrown, brown]
      : [black, darkBrown, darkBrown, brown, brown, chestnut, auburn, ginger, darkBlond, blond, blond, pale];
  return vary(random, random.pick(colours), 0.2);
}

function hairStyle(random: RandomStream, { female, ages, ancestry }: Body): HairStyle {
  const choose = (choices: [HairStyle, number][]): HairStyle => {
    let left = random.uniform() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [style, weight] of choices) {
      left -= weight;
      if (left < 0) return style;
    }
    return choices[0][0];
  };
  const curls = 0.4 + ancestry.african * 4;
  if (female) {
    return choose([
      ['long', 4 + 2 * ancestry.asian],
      ['wavy', 4],
      ['bob', 2],
      ['bun', 2],
      ['curly', curls],
      ['afro', ancestry.african * 1.5],
      ['sweptBack', 0.6],
      ['fringe', 0.6],
      ['short', 0.4],
    ]);
  }
  return choose([
    ['short', 3],
    ['sidePart', 3],
    ['sweptBack', 2],
    ['fringe', 1.5],
    ['buzz', 0.5 + 3 * ancestry.african],
    ['curly', curls * 0.6],
    ['afro', ancestry.african * 1.5],
    ['bald', ages.child > 0 ? 0 : 0.5 + ages.old],
    ['balding', ages.old * 4],
    ['wavy', 0.4],
    ['long', 0.2],
  ]);
}

function drawHair(random: RandomStream, body: Body, tone: number): Hair {
  const { female, ages, ancestry } = body;
  const style = hairStyle(random, body);
  const straight = style === 'long' || style === 'bob';
  return {
    style,
    colour: hairColour(random, body, tone),
    length: random.uniform(0.75, 1.3),
    part: random.pick([-1, 1]) * (female && random.uniform() < 0.4 ? 0.02 : random.uniform(0.12, 0.36)),
    frizz: random.uniform(0.15, 0.6) + ancestry.african * 0.3,
    curl: straight ? random.uniform(0, 0.25) : random.uniform(0, 0.6),
    volume: random.uniform(0.25, 1),
    hairline: random.uniform(-0.05, 0.08),
    temples: female ? random.uniform(0, 0.35) : random.uniform(0.1, 0.8) + 0.3 * ages.old,
    fringe: straight && random.uniform() < 0.35 ? random.uniform(0.4, 1) : 0,
  };
}

function drawBrows(random: RandomStream, { female }: Body, hair: Rgb): Brows {
  return {
    colour: mix(hair, HAIR.darkBrown, 0.45),
    thickness: female ? random.uniform(0.024, 0.038) : random.uniform(0.034, 0.055),
    density: random.uniform(0.55, 1),
    arch: random.uniform(0, 1) * (female ? 1 : 0.5),
  };
}

function drawBeard(random: RandomStream, { female, ages }: Body): Beard {
  const none: Beard = { kind: 'none', length: 0, density: 0 };
  if (female || ages.child > 0 || random.uniform() < 0.5) return none;
  const kind = random.pick(['stubble', 'stubble', 'full', 'full', 'goatee', 'moustache'] as const);
  return { kind, length: random.uniform(0.05, 0.2), density: random.uniform(0.5, 1) };
}

function drawGlasses(random: RandomStream): Glasses | undefined {
  if (random.uniform() > 0.13) return undefined;
  return {
    shape: random.pick(['round', 'rectangle', 'rectangle', 'aviator', 'cat'] as const),
    colour: random.pick([
      srgb(22, 20, 22),
      srgb(22, 20, 22),
      srgb(84, 52, 32),
      srgb(150, 126, 84),
      srgb(112, 40, 44),
    ]),
    thickness: random.uniform(0.012, 0.04),
    tint: random.uniform() < 0.15 ? random.uniform(0.75, 0.95) : 0,
  };
}

function drawHat(random: RandomStream, style: HairStyle): Hat | undefined {
  if (random.uniform() > 0.05 || style === 'afro' || style === 'bun') return undefined;
  const colour = hsv(random.uniform(), random.uniform(0, 0.7), random.uniform(0.12, 0.8));
  return { kind: random.pick(['beanie', 'cap', 'headband', 'brim'] as const), colour };
}

function drawClothing(random: RandomStream, { female }: Body): Clothing {
  const cloth = () => hsv(random.uniform(), random.uniform(0, 0.75), random.uniform(0.1, 0.9));
  const white = srgb(236, 236, 238);
  const kinds = female
    ? (['crew', 'vneck', 'vneck', 'turtleneck', 'shirt', 'jacket'] as const)
    : (['crew', 'crew', 'vneck', 'shirt', 'shirt', 'jacket', 'jacket', 'turtleneck'] as const);
  const kind = random.pick(kinds);
  const dark = kind === 'jacket' && random.uniform() < 0.7;
  return {
    kind,
    colour: dark ? hsv(random.uniform(), random.uniform(0, 0.4), random.uniform(0.08, 0.3)) : cloth(),
    second: kind === 'jacket' && random.uniform() < 0.6 ? white : cloth(),
    pattern: random.pick(['plain', 'plain', 'plain', 'stripes', 'checks', 'knit'] as const),
  };
}
