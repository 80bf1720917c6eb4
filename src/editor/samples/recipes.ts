/** Which faces the editor offers, and how their ready edits change them. */
import { drawPerson } from '../../faces/draw-person.ts';
import type { Person } from '../../faces/person.ts';

/** Side of the pictures, px. */
export const sampleSize = 512;

/** A part of a picture in shares of its side. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface EditRecipe {
  readonly key: string;
  readonly name: string;
  /** The part that is replaced. Elsewhere the pictures differ too, as hair falls anew with every change of the head. */
  readonly area: Area;
  readonly change: (person: Person) => Person;
  /** Whether it changes so little that networks of few pixels make it well. */
  readonly isSmall: boolean;
}
export interface SampleRecipe {
  readonly key: string;
  readonly name: string;
  readonly person: Person;
  readonly edits: readonly EditRecipe[];
}

/** In pictures that are aligned by eyes and mouth. */
const aroundMouth: Area = { left: 0.25, top: 0.58, right: 0.75, bottom: 0.92 };
const lowerFace: Area = { left: 0.14, top: 0.5, right: 0.86, bottom: 0.98 };

type Targets = Person['targets'];

/** The person with some targets replaced: those that match go, `added` come. */
const reshaped = (person: Person, replaced: RegExp, added: Targets): Person => ({
  ...person,
  targets: [...person.targets.filter(([name]) => !replaced.test(name)), ...added],
});

const both = (name: string, weight: number): Targets => [
  [`${name}Left`, weight],
  [`${name}Right`, weight],
];

export const smile: EditRecipe = {
  key: 'smile',
  name: 'A smile',
  area: aroundMouth,
  isSmall: true,
  change: (person) =>
    reshaped(person, /^(mouth(Smile|Frown|Pucker|UpperUp|LowerDown|Left|Right)|jawOpen|cheekSquint)/, [
      ...both('mouthSmile', 0.95),
      ...both('cheekSquint', 0.35),
      ...both('mouthUpperUp', 0.5),
      ...both('mouthLowerDown', 0.35),
      ['jawOpen', 0.06],
    ]),
};
const serious: EditRecipe = {
  key: 'serious',
  name: 'No smile',
  area: aroundMouth,
  isSmall: true,
  change: (person) =>
    reshaped(person, /^(mouth(Smile|Frown|Pucker|UpperUp|LowerDown|Left|Right)|jawOpen|cheekSquint)/, []),
};
export const thinnerChin: EditRecipe = {
  key: 'chin',
  name: 'A thinner chin',
  area: lowerFace,
  isSmall: false,
  change: (person) =>
    reshaped(person, /^(chin-(width|bones)|head-fat|[lr]-cheek-volume|head-(square|rectangular|round))/, [
      ['chin-width-decr', 0.9],
      ['chin-bones-decr', 0.9],
      ['head-fat-decr', 0.45],
      ['l-cheek-volume-decr', 0.5],
      ['r-cheek-volume-decr', 0.5],
    ]),
};
const recipe = (name: string, seed: number, edits: readonly EditRecipe[]): SampleRecipe => ({
  key: name.toLowerCase(),
  name,
  // The seed begins with `sample`, so that no training set has these people.
  person: { ...drawPerson(`sample ${seed}`), hat: undefined },
  edits,
});

export const sampleRecipes: readonly SampleRecipe[] = [
  recipe('Tove', 24, [smile, thinnerChin]),
  recipe('Noor', 15, [smile]),
  recipe('Elif', 17, [smile]),
  recipe('Juno', 13, [serious]),
  recipe('Mara', 11, [smile]),
];
