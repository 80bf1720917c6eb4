/**
 * Whom the gallery shows, and what is drawn on them. The rendered people are chosen by rules on their looks: each is the
 * first whom the edit suits, from a number on that no training reaches. Results played a part once, which the README says:
 * see `isMuted`.
 */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decodeRgb, type RgbImage } from '../../src/data/decode.ts';
import { holeOfDifference } from '../../src/editor/samples/difference.ts';
import { type EditRecipe, smile, thinnerChin } from '../../src/editor/samples/recipes.ts';
import { faceSeed } from '../../src/faces/cache.ts';
import { drawPerson } from '../../src/faces/draw-person.ts';
import { renderPerson } from '../../src/faces/faces.ts';
import type { HeadModel } from '../../src/faces/head.ts';
import type { Person } from '../../src/faces/person.ts';
import type { Region } from '../../src/infer/raster.ts';
import { shipped } from '../../src/runtime/command-line.ts';
import { stream } from '../../src/runtime/seed.ts';

/** Side of the rendered photos, px. */
export const photoSize = 512;
/** Data sets of rendered people count from 0; no config has nearly so many. */
const FIRST_PERSON = 1_000_000;

/** Around the face of a rendered photo. */
const portrait: Region = { x: 26, y: 46, size: 460 };

/** A square photo with a hole, and lines in it. */
export interface Subject {
  /** The name of its files. */
  readonly key: string;
  readonly title: string;
  readonly photo: RgbImage;
  /** [side, side], 255 = hole. */
  readonly hole: Uint8Array;
  /** [side, side], 0 = line; paper outside the hole. */
  readonly sketch: Uint8Array;
  /** The square of the photo that is shown, px. */
  readonly view: Region;
}

/** RGB bytes of a photo of {@link photoSize} to its lines [photoSize, photoSize], 0 = line. */
export type FindEdges = (photo: Uint8Array) => Promise<Uint8Array>;

export type Suits = (person: Person) => boolean;

/** The first grown-up who faces the camera, with open eyes, no hat and no glasses, and whom a rule suits; and the number. */
export function firstPerson(suits: Suits): { readonly person: Person; readonly index: number } {
  for (let index = FIRST_PERSON; ; index++) {
    const person = drawPerson(faceSeed(1, index));
    const { child, hat, glasses, pose } = person;
    if (child || hat || glasses || Math.abs(pose.yaw) > 0.15 || target(person, 'eyeBlinkLeft') > 0.5)
      continue;
    if (suits(person)) return { person, index };
  }
}

const target = ({ targets }: Person, name: string): number => targets.find(([one]) => one === name)?.[1] ?? 0;

const isSerious: Suits = (person) =>
  ['mouthSmileLeft', 'jawOpen', 'mouthPucker', 'mouthFrownLeft'].every((name) => target(person, name) < 0.1);

/**
 * Whether a background is plain, and of little colour, as those of portraits are. An edit of the outline redraws some of it,
 * and an unfinished `portraits-128` made vivid ones grey.
 */
const isMuted = ({ kind, colours }: Person['background']): boolean =>
  kind === 'gradient' &&
  colours.slice(0, 2).every((colour) => Math.max(...colour) - Math.min(...colour) < 0.15);

/** An edit of the editor's examples or another, with a hole as broad as one would paint it. */
interface GalleryEdit extends Omit<EditRecipe, 'isSmall'> {
  readonly suits: Suits;
  /** How the hole follows from what the edit changes: see {@link holeOfDifference}. */
  readonly hole: { readonly islands?: boolean; readonly margin: number };
}

export const edits: readonly GalleryEdit[] = [
  {
    ...smile,
    suits: (person) => person.skin.tone > 0.6 && isSerious(person),
    area: { left: 0.3, top: 0.6, right: 0.7, bottom: 0.86 },
    hole: { margin: 0.045 },
  },
  {
    key: 'fringe',
    name: 'A fringe',
    suits: ({ skin, hair }) =>
      skin.tone > 0.3 && skin.tone < 0.5 && ['long', 'bob', 'wavy'].includes(hair.style) && hair.fringe === 0,
    change: (person) => ({ ...person, hair: { ...person.hair, fringe: 0.45 } }),
    area: { left: 0.24, top: 0.2, right: 0.76, bottom: 0.46 },
    hole: { margin: 0.04 },
  },
  {
    key: 'glasses',
    name: 'Glasses',
    suits: ({ skin }) => skin.wear > 0.6,
    change: (person) => ({
      ...person,
      glasses: { shape: 'rectangle', colour: [0.01, 0.01, 0.01], thickness: 0.03, tint: 0 },
    }),
    area: { left: 0.12, top: 0.3, right: 0.88, bottom: 0.64 },
    // The eyes behind them stay.
    hole: { margin: 0.014, islands: false },
  },
  {
    ...thinnerChin,
    suits: ({ female, skin, beard, pose, background }) =>
      !female &&
      Math.abs(pose.yaw) < 0.08 &&
      skin.tone > 0.4 &&
      skin.tone < 0.6 &&
      skin.wear < 0.3 &&
      beard.kind === 'none' &&
      isMuted(background),
    area: { left: 0.14, top: 0.62, right: 0.86, bottom: 0.96 },
    hole: { margin: 0.04 },
  },
];

/** The photo of a person, the hole where an edit changes it, and the lines of the changed photo there. */
export async function editOf(
  head: HeadModel,
  { key, name, change, area, hole: shape }: GalleryEdit,
  person: Person,
  findEdges: FindEdges,
): Promise<Subject> {
  const before = renderPerson(head, person, photoSize);
  const after = renderPerson(head, change(person), photoSize, person);
  const hole = holeOfDifference(before, after, photoSize, area, shape);
  const sketch = penLines(await findEdges(after), hole);
  return { key, title: name, photo: square(before, photoSize), hole, sketch, view: portrait };
}

export const suitsFace: Suits = ({ female, skin, beard }) =>
  !female && skin.tone < 0.2 && beard.kind === 'none';

/** The photo of a person without eyes, nose and mouth, and its own lines there. */
export async function faceOf(head: HeadModel, person: Person, findEdges: FindEdges): Promise<Subject> {
  const photo = renderPerson(head, person, photoSize);
  const hole = await paint(photoSize, '<ellipse cx="51%" cy="57%" rx="23%" ry="25%" fill="white"/>');
  const sketch = penLines(await findEdges(photo), hole);
  return { key: 'face', title: 'A face', photo: square(photo, photoSize), hole, sketch, view: portrait };
}

/** The lines of a photo inside a hole as a pen of three pixels draws them. */
const penLines = (lines: Uint8Array, hole: Uint8Array): Uint8Array => inHole(thicken(lines), hole);

function thicken(lines: Uint8Array): Uint8Array {
  const size = Math.sqrt(lines.length);
  const result = new Uint8Array(lines.length).fill(255);
  for (let i = lines.indexOf(0); i >= 0; i = lines.indexOf(0, i + 1)) {
    const [x, y] = [i % size, Math.floor(i / size)];
    for (let row = Math.max(0, y - 1); row <= Math.min(size - 1, y + 1); row++)
      result.fill(0, row * size + Math.max(0, x - 1), row * size + Math.min(size, x + 2));
  }
  return result;
}

/** How far a rough line may be off, px, and over which distances the error changes. */
const SHAKE = 9;
const WAVES = [60, 90, 140];

/** The same with lines as of a quick and shaky hand. @param seed of the hand. */
export function roughly(subject: Subject, seed: string): Subject {
  const { sketch, hole, photo } = subject;
  const size = photo.width;
  const random = stream(seed, 'gallery', 'shake');
  const error = () => {
    const waves = WAVES.map((length) => {
      const [rate, angle] = [(2 * Math.PI) / length, random.uniform(0, 2 * Math.PI)];
      return { x: rate * Math.cos(angle), y: rate * Math.sin(angle), phase: random.uniform(0, 2 * Math.PI) };
    });
    return (x: number, y: number) =>
      (SHAKE / waves.length) *
      waves.reduce((sum, wave) => sum + Math.sin(wave.x * x + wave.y * y + wave.phase), 0);
  };
  const [right, down] = [error(), error()];
  const place = (value: number) => Math.min(size - 1, Math.max(0, Math.round(value)));
  const shaken = new Uint8Array(size * size).fill(255);
  for (let i = sketch.indexOf(0); i >= 0; i = sketch.indexOf(0, i + 1)) {
    const [x, y] = [i % size, Math.floor(i / size)];
    shaken[place(y + down(x, y)) * size + place(x + right(x, y))] = 0;
  }
  return { ...subject, key: `rough-${subject.key}`, sketch: penLines(shaken, hole) };
}

/**
 * What is drawn by hand on the portrait of the astronaut Eileen Collins (NASA, public domain), in its pixels: an SVG path of
 * the lines, and the shape of the hole, which is else painted along the lines, with what they surround left as it is.
 */
const byHand: readonly { key: string; title: string; hole?: string; lines: string }[] = [
  {
    key: 'astronaut-lips',
    title: 'A smile with closed lips, drawn by hand',
    hole: '<ellipse cx="124.5" cy="138" rx="29" ry="17" fill="white"/>',
    lines:
      'M104 133L113 133 121 131 124 133 128 131 136 133 145 133M104 133L114 138 124 140 134 138 145 133M109 139L117 145 124 147 132 145 140 139',
  },
  {
    key: 'astronaut-glasses',
    title: 'Glasses, drawn by hand',
    lines:
      'M88 84L86 92 88 102 96 107 106 107 115 103 118 95 117 86 110 83 98 82 88 84M131 87L130 95 133 104 141 108 152 108 160 104 164 95 163 86 152 83 140 83 131 87M118 92L121 89 127 89 130 92M87 87L82 86M163 89L168 88',
  },
];

/** Width of the brush that paints along lines, px. */
const BRUSH = 9;

export async function astronauts(): Promise<Subject[]> {
  const photo = await decodeRgb(await readFile(shipped('src/editor/samples/pictures/astronaut.jpg')));
  return Promise.all(
    byHand.map(async ({ key, title, lines, hole: shape = brush(lines, BRUSH) }) => {
      const hole = await paint(photo.width, shape);
      const drawn = await paint(photo.width, brush(lines, 1.5));
      return {
        key,
        title,
        photo,
        hole,
        sketch: drawn.map((value) => 255 - value),
        view: { x: 32, y: 6, size: 184 },
      };
    }),
  );
}

/** A brush's way as an SVG shape. */
function brush(path: string, width: number): string {
  return `<path d="${path}" fill="none" stroke="white" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** Shapes of an SVG on black as bytes [size, size], 0 or 255. */
async function paint(size: number, shapes: string): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><rect width="100%" height="100%"/>${shapes}</svg>`;
  return sharp(Buffer.from(svg)).flatten().toColourspace('b-w').threshold(128).raw().toBuffer();
}

const inHole = (sketch: Uint8Array, hole: Uint8Array): Uint8Array =>
  sketch.map((value, i) => (hole[i] ? value : 255));

export const square = (bytes: Uint8Array, side: number): RgbImage => ({
  data: Buffer.from(bytes),
  width: side,
  height: side,
});
