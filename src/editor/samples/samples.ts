/** The editor's examples: photos with drawings that change them. Their pictures come with the program (`npm run gallery`). */
import { extname } from 'node:path';
import sharp from 'sharp';
import type { Region } from '../../infer/raster.ts';
import { readBytes } from '../../runtime/files.ts';
import type { EditedPhoto, PhotoEdit } from '../native/edit-photo.ts';
import type { ModelDescription, Sample } from '../wire.ts';
import { sampleRecipes } from './recipes.ts';

interface SampleFiles {
  /** The name of its files. */
  readonly key: string;
  /** The file of the photo. */
  readonly photo: string;
  /** Who it is. */
  readonly person: string;
  /** What changes. */
  readonly name: string;
  /** What of the photo small pictures show, px. */
  readonly view: Region;
  /** Whether it changes so little that networks of few pixels make it well. */
  readonly isSmall: boolean;
}

/** Side of small pictures, px. */
export const smallSide = 240;

/** On the portrait of the astronaut Eileen Collins (NASA, public domain), by hand. */
const drawnByHand = [
  { key: 'astronaut-lips', name: 'A smile with closed lips' },
  { key: 'astronaut-glasses', name: 'Glasses' },
].map((edit) => ({
  ...edit,
  photo: 'astronaut.jpg',
  person: 'Eileen Collins (NASA)',
  view: { x: 32, y: 6, size: 184 },
  isSmall: false,
}));

const ofDrawnPeople = sampleRecipes.map(({ key, name: person, edits }) =>
  edits.map(({ key: edit, name, isSmall }) => ({
    key: `${key}-${edit}`,
    photo: `${key}.jpg`,
    person,
    name,
    view: { x: 26, y: 46, size: 460 },
    isSmall,
  })),
);

const people: readonly (readonly SampleFiles[])[] = [drawnByHand, ...ofDrawnPeople];

/** One of each person, then another. */
export const samples: readonly SampleFiles[] = [0, 1].flatMap((k) =>
  people.flatMap((ofPerson) => ofPerson[k] ?? []),
);

/** Those that a model does well: drawn people for one that knows nobody else, and small changes for a demonstration. */
const samplesFor = ({ about }: Pick<ModelDescription, 'about'>): readonly SampleFiles[] =>
  samples.filter(
    ({ photo, isSmall }) =>
      !(about.knowsDrawnPeopleAlone && photo === 'astronaut.jpg') &&
      !(about.kind === 'demonstration' && !isSmall),
  );

/** Where the page finds the files, relative to itself. */
export const sampleFolder = 'samples';
const address = (name: string) => `${sampleFolder}/${name}`;

export const listSamples = (model: ModelDescription): Sample[] =>
  samplesFor(model).map(({ key, photo, person, name }) => ({
    name,
    person,
    photo: address(photo),
    hole: address(`${key}-hole.png`),
    sketch: address(`${key}-sketch.png`),
    drawn: address(`${key}-drawn.jpg`),
    result: address(resultOf(key)),
  }));

/** The names of the files that come with the program. */
const filesOf = ({ key, photo }: SampleFiles): string[] => [
  photo,
  `${key}-hole.png`,
  `${key}-sketch.png`,
  `${key}-drawn.jpg`,
];
const resultOf = (key: string) => `${key}-result.jpg`;

/** Exact lines need little refinement. */
const L = 0.25;

/** The files of a model's examples: those that the program comes with, and what the model makes of them. */
export class SampleFolder {
  readonly #files = new Map<string, () => Promise<Uint8Array>>();

  /** @param edit the model. */
  constructor(model: ModelDescription, edit: (edit: PhotoEdit) => Promise<EditedPhoto>) {
    for (const sample of samplesFor(model)) {
      for (const name of filesOf(sample)) this.#files.set(name, () => picture(name));
      let result: Promise<Uint8Array> | undefined;
      this.#files.set(resultOf(sample.key), () => {
        result ??= makeResult(sample, model, edit).catch((error) => {
          result = undefined;
          throw error;
        });
        return result;
      });
    }
  }

  /** Of all files. */
  get names(): string[] {
    return [...this.#files.keys()];
  }

  /** The bytes of a file, which may have to be made; undefined where there is none of that name. */
  read(name: string): Promise<Uint8Array> | undefined {
    return this.#files.get(name)?.();
  }
}

export const typeOfSample = (name: string): string => (extname(name) === '.png' ? 'image/png' : 'image/jpeg');

const picture = (name: string): Promise<Uint8Array> =>
  readBytes(new URL(`pictures/${name}`, import.meta.url));

async function makeResult(
  { key, photo, view }: SampleFiles,
  { controls }: ModelDescription,
  edit: (edit: PhotoEdit) => Promise<EditedPhoto>,
): Promise<Uint8Array> {
  const { result } = await edit({
    photo: await picture(photo),
    mask: await picture(`${key}-hole.png`),
    sketch: controls.includes('sketch') ? await picture(`${key}-sketch.png`) : undefined,
    l: L,
    maskHole: 'white',
    region: 'face',
    detail: true,
    refinedSketch: false,
  });
  return sharp(result)
    .extract({ left: view.x, top: view.y, width: view.size, height: view.size })
    .resize(smallSide, smallSide)
    .jpeg({ quality: 85 })
    .toBuffer();
}
