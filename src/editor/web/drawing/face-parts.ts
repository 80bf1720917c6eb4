/** The areas of a face's parts, made of its landmarks. */
import { say } from '../texts/say.ts';
import { convexHull, type Point } from './geometry.ts';

export interface FacePart {
  /** For people. */
  readonly name: string;
  /** A closed line, px of the photo. */
  readonly outline: readonly Point[];
}

/**
 * The parts of a face, smaller ones before those that they may lie in. Eyes, brows, nose and mouth are the convex hulls of
 * their landmarks and a margin. Above the brows there are no landmarks: a face's height is divided in thirds there, from
 * the hairline to the brows, to the nose's base and to the chin, as drawing lessons teach it. So forehead and hair are
 * estimates, and hair that is long or stands off is only partly inside.
 *
 * @param landmarks 68 points in the order of iBUG 300-W, px of the photo.
 */
export function facePartsOf(landmarks: readonly Point[]): FacePart[] {
  const points = (first: number, last: number) => landmarks.slice(first, last + 1);
  const [rightBrow, leftBrow] = [points(17, 21), points(22, 26)];
  const [rightEye, leftEye] = [points(36, 41), points(42, 47)];
  const [nose, mouth] = [points(27, 35), points(48, 59)];
  const eyeWidth = (distance(landmarks[36], landmarks[39]) + distance(landmarks[42], landmarks[45])) / 2;
  return [
    { name: say`Right eye`, outline: around(rightEye, 0.3 * eyeWidth) },
    { name: say`Left eye`, outline: around(leftEye, 0.3 * eyeWidth) },
    { name: say`Right brow`, outline: around(rightBrow, 0.25 * eyeWidth) },
    { name: say`Left brow`, outline: around(leftBrow, 0.25 * eyeWidth) },
    { name: say`Nose`, outline: around(nose, 0.3 * eyeWidth) },
    { name: say`Mouth`, outline: around(mouth, 0.3 * eyeWidth) },
    { name: say`Jaw`, outline: jaw(points(2, 14), mouth) },
    ...upperParts(landmarks),
  ];
}

/** The parts of all faces, smaller ones before those that they may lie in: one's hair may lie over a neighbour's eye. */
export function partsOfFaces(faces: readonly (readonly Point[])[]): FacePart[] {
  const parts = faces.map(facePartsOf);
  return (parts[0] ?? []).flatMap((_, k) => parts.map((ofFace) => ofFace[k]));
}

/** From one side of the jaw to the other, and back below the mouth. */
function jaw(contour: readonly Point[], mouth: readonly Point[]): Point[] {
  const centre = mean(mouth);
  const spread = (point: Point, by: number) => ({
    x: centre.x + (point.x - centre.x) * by,
    y: centre.y + (point.y - centre.y) * by,
  });
  // From the mouth's left corner along the lower lip to the right one: what remains of it is the upper lip.
  const lowerLip = mouth.slice(6).concat(mouth[0]);
  // The jaw can become wider, so some of what is beside it belongs to it.
  return [...contour.map((point) => spread(point, 1.12)), ...lowerLip.map((point) => spread(point, 1.35))];
}

function upperParts(landmarks: readonly Point[]): FacePart[] {
  const brows = landmarks.slice(17, 27);
  const centre = mean(brows);
  const third = distance(centre, landmarks[33]);
  const halfWidth = distance(landmarks[0], landmarks[16]) / 2;
  // The face's own axes: it may be tilted.
  const right = towards(landmarks[0], landmarks[16]);
  const up = { x: right.y, y: -right.x };
  const at = (x: number, y: number): Point => ({
    x: centre.x + right.x * x + up.x * y,
    y: centre.y + right.y * x + up.y * y,
  });
  /** Over the face from its right in the picture to its left, or back. */
  const arc = (width: number, height: number, from: number, to: number): Point[] =>
    Array.from({ length: 33 }, (_, k) => {
      const angle = ((from + ((to - from) * k) / 32) * Math.PI) / 180;
      return at(width * Math.cos(angle), height * Math.sin(angle));
    });
  const above = brows.map(({ x, y }) => ({ x: x + 0.12 * third * up.x, y: y + 0.12 * third * up.y }));
  return [
    { name: say`Forehead`, outline: [...above, ...arc(0.95 * halfWidth, third, 15, 165)] },
    {
      name: say`Hair`,
      outline: [...arc(1.35 * halfWidth, 1.9 * third, -25, 205), ...arc(halfWidth, third, 205, -25)],
    },
  ];
}

/** The convex hull of points and of all that is within a margin. */
function around(points: readonly Point[], margin: number): Point[] {
  return convexHull(
    points.flatMap(({ x, y }) =>
      Array.from({ length: 16 }, (_, k) => {
        const angle = (k * Math.PI) / 8;
        return { x: x + margin * Math.cos(angle), y: y + margin * Math.sin(angle) };
      }),
    ),
  );
}

const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

const towards = (a: Point, b: Point): Point => ({
  x: (b.x - a.x) / distance(a, b),
  y: (b.y - a.y) / distance(a, b),
});

const mean = (points: readonly Point[]): Point => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});
