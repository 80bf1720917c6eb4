import { expect, it } from 'vitest';
import { facePartsOf } from '../../../src/editor/web/drawing/face-parts.ts';
import { isInside, type Point } from '../../../src/editor/web/drawing/geometry.ts';
import { upright } from '../landmarks.ts';

const places: readonly (readonly [string, Point])[] = [
  ['Right eye', { x: 155, y: 125 }],
  ['Left eye', { x: 245, y: 125 }],
  ['Right brow', { x: 155, y: 98 }],
  ['Left brow', { x: 245, y: 98 }],
  ['Nose', { x: 200, y: 180 }],
  ['Mouth', { x: 200, y: 240 }],
  ['Jaw', { x: 200, y: 285 }],
  ['Forehead', { x: 200, y: 50 }],
  ['Hair', { x: 200, y: -40 }],
];

it.each([0, 30, -90])('parts of a face that is tilted by %d degrees are where they belong', (degrees) => {
  const angle = (degrees * Math.PI) / 180;
  const tilted = ({ x, y }: Point) => ({
    x: x * Math.cos(angle) - y * Math.sin(angle),
    y: x * Math.sin(angle) + y * Math.cos(angle),
  });
  const parts = facePartsOf(upright().map(tilted));
  const partAt = (place: Point) => parts.find(({ outline }) => isInside(outline, tilted(place)))?.name;
  for (const [name, place] of places) expect(partAt(place), name).toBe(name);
  // Cheeks are no part, nor is what is beside the face.
  for (const place of [
    { x: 140, y: 190 },
    { x: 260, y: 190 },
    { x: 400, y: 200 },
  ])
    expect(partAt(place)).toBeUndefined();
});
