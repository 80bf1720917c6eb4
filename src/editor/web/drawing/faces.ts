/** Which of a photo's faces is edited. */
import { facesUnder, nearestFace } from '../../../infer/faces.ts';
import type { Raster, Region } from '../../../infer/raster.ts';
import type { Bounds } from '../../../infer/region.ts';
import type { Point, Rect } from './geometry.ts';

/**
 * The place in the list of the face that the network sees. What the user has chosen stays until there is a hole over other
 * faces alone; else it is the face whose middle is nearest to the hole's middle. Undefined: there is no face, or no hole
 * and no choice.
 *
 * @param hole of one channel. @param bounds of the hole; undefined: there is none.
 */
export function faceOf(
  faces: readonly Region[],
  hole: Raster,
  bounds: Bounds | undefined,
  chosen: number | undefined,
): number | undefined {
  if (chosen !== undefined && faces[chosen]) {
    const under = bounds ? facesUnder(faces, hole) : [];
    if (under.length === 0 || under.includes(chosen)) return chosen;
  }
  return bounds && nearestFace(faces, bounds);
}

/** The rectangle around a face from its chin to where hair begins, by its 68 landmarks. */
export function frameOf(landmarks: readonly Point[]): Rect {
  const [xs, ys] = [landmarks.map(({ x }) => x), landmarks.map(({ y }) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [aside, height] = [0.08 * (right - left), bottom - top];
  // Above the brows there are no landmarks: a forehead is about a third of a face.
  return {
    left: left - aside,
    right: right + aside,
    top: top - 0.4 * height,
    bottom: bottom + 0.05 * height,
  };
}
