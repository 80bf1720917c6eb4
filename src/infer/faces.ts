/** Which of a photo's faces an edit is of. Faces are squares of the photo, from left to right. */
import { UserError } from '../runtime/errors.ts';
import type { Raster, Region } from './raster.ts';
import { type Bounds, holeBounds, type RegionChoice } from './region.ts';

/** A hole is looked for on a grid of so many points a side of each face. */
const POINTS = 64;

/** The place in the list of the face whose middle is nearest to the hole's middle; undefined where there is no face. */
export function nearestFace(
  faces: readonly Region[],
  { left, top, right, bottom }: Bounds,
): number | undefined {
  const distances = faces.map(({ x, y, size }) =>
    Math.hypot(x + size / 2 - (left + right) / 2, y + size / 2 - (top + bottom) / 2),
  );
  return faces.length > 0 ? distances.indexOf(Math.min(...distances)) : undefined;
}

/**
 * The places in the list of the faces that a hole lies over. The middle half of a face's square counts: around it are hair
 * and surroundings, which squares of neighbours share.
 *
 * @param hole of one channel, of the photo's size; other numbers than 0 are hole.
 */
export function facesUnder(faces: readonly Region[], { data, width, height }: Raster): number[] {
  const isHole = (x: number, y: number) => {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    return column >= 0 && row >= 0 && column < width && row < height && data[row * width + column] !== 0;
  };
  return [...faces.keys()].filter((i) => {
    const { x, y, size } = faces[i];
    const at = (start: number, k: number) => start + size * (0.25 + (0.5 * (k + 0.5)) / POINTS);
    for (let row = 0; row < POINTS; row++)
      for (let column = 0; column < POINTS; column++) if (isHole(at(x, column), at(y, row))) return true;
    return false;
  });
}

/** The face that an edit is of. */
export interface ChosenFace {
  /** Its place in the list, from 0. */
  readonly index: number;
  /** What the user should know, a sentence. */
  readonly warning?: string | undefined;
}

/**
 * The face that the user has chosen, or else the one whose middle is nearest to the hole's middle.
 *
 * @param hole see {@link facesUnder}; it has a pixel. @param number from 1, from left to right; undefined: none was chosen.
 * @throws UserError when there is no face of that number.
 */
export function chooseFace(faces: readonly Region[], hole: Raster, number?: number): ChosenFace | undefined {
  if (number !== undefined && !faces[number - 1]) throw noSuchFace(number, faces.length);
  const bounds = holeBounds(hole);
  const index = number === undefined ? bounds && nearestFace(faces, bounds) : number - 1;
  if (index === undefined) return undefined;
  const under = facesUnder(faces, hole);
  const numbers = listed(under.map((i) => i + 1));
  if (under.length > 1)
    return {
      index,
      warning: `the hole is over faces ${numbers}, counted from the left, and the network sees it all at once around face ${index + 1}; a hole over one face alone is filled better`,
    };
  if (under.length === 1 && under[0] !== index)
    return {
      index,
      warning: `the hole is over face ${numbers}, counted from the left, and not over face ${number}, which was chosen`,
    };
  return { index };
}

const listed = (numbers: readonly number[]) =>
  numbers.length < 2 ? numbers.join() : `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;

function noSuchFace(number: number, count: number): UserError {
  const isOne = count === 1;
  return new UserError('The photo has no face of that number.', {
    where: `face ${number}`,
    expected: isOne ? '1' : count > 0 ? `1 to ${count}, counted from the left` : 'no number',
    got:
      count > 0
        ? `${number}, and ${count} face${isOne ? ' is' : 's are'} found`
        : 'a photo in which no face is found',
    fix: count > 0 ? undefined : 'choose no face: the network then sees the hole’s surroundings',
  });
}

/**
 * What the network sees where the user may have said it, or may have chosen a face, which says it, too. Neither: `hole`.
 *
 * @throws UserError when they contradict each other.
 */
export function regionToSee(region: RegionChoice | undefined, face: number | undefined): RegionChoice {
  if (face === undefined) return region ?? 'hole';
  if (region === undefined || region === 'face') return 'face';
  throw new UserError('A face is chosen, but the network is not to see faces.', {
    where: `face ${face}`,
    expected: 'region face, or no face',
    got: `region ${region}`,
    fix: 'leave out one of the two',
  });
}
