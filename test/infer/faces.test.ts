import { describe, expect, it } from 'vitest';
import { faceOf, frameOf } from '../../src/editor/web/drawing/faces.ts';
import { chooseFace, facesUnder, nearestFace, regionToSee } from '../../src/infer/faces.ts';
import { holeBounds } from '../../src/infer/region.ts';
import { UserError } from '../../src/runtime/errors.ts';

const [width, height] = [400, 200];
/** Of two people side by side. */
const faces = [
  { x: 20, y: 20, size: 160 },
  { x: 220, y: 20, size: 160 },
];

/** A hole of rectangles [left, top, right, bottom]. */
function holeOf(...rectangles: readonly (readonly [number, number, number, number])[]) {
  const data = new Uint8Array(width * height);
  for (const [left, top, right, bottom] of rectangles)
    for (let y = top; y < bottom; y++) data.fill(255, y * width + left, y * width + right);
  return { width, height, data };
}
const left = holeOf([90, 110, 120, 125]);
const right = holeOf([290, 110, 320, 125]);
const both = holeOf([90, 110, 120, 125], [280, 100, 330, 125]);
const nowhere = holeOf([0, 0, 10, 10]);

describe('the face that is edited', () => {
  it('is the one nearest to the hole where none was chosen', () => {
    expect([left, right].map((hole) => nearestFace(faces, holeBounds(hole)!))).toEqual([0, 1]);
    expect(nearestFace([], holeBounds(left)!)).toBeUndefined();
    expect([left, right].map((hole) => chooseFace(faces, hole))).toEqual([{ index: 0 }, { index: 1 }]);
    expect(chooseFace([], left)).toBeUndefined();
  });

  it('has the hole over it if that is in the middle of its square', () => {
    expect([left, right, both, nowhere].map((hole) => facesUnder(faces, hole))).toEqual([
      [0],
      [1],
      [0, 1],
      [],
    ]);
    // A face whose square reaches over the border.
    expect(facesUnder([{ x: -60, y: -60, size: 160 }], nowhere)).toEqual([0]);
  });

  it('is told of in words where the hole is over several or over another', () => {
    expect(chooseFace(faces, both)?.warning).toMatch(/^the hole is over faces 1 and 2, .* around face 2;/);
    expect(chooseFace(faces, left, 2)).toMatchObject({
      index: 1,
      warning: expect.stringMatching(/over face 1, .*not over face 2/),
    });
    expect(chooseFace(faces, left, 1)).toEqual({ index: 0 });
    expect(chooseFace(faces, nowhere, 2)).toEqual({ index: 1 });
  });

  it('has a number that there is', () => {
    for (const [count, number, expected] of [
      [2, 3, '1 to 2, counted from the left'],
      [2, 0, '1 to 2, counted from the left'],
      [1, 2, '1'],
      [0, 1, 'no number'],
    ] as const) {
      let error: unknown;
      try {
        chooseFace(faces.slice(0, count), left, number);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).details).toMatchObject({ where: `face ${number}`, expected });
    }
  });

  it('is what the network sees, unless something else is wanted, too', () => {
    expect(regionToSee(undefined, undefined)).toBe('hole');
    expect(regionToSee('whole', undefined)).toBe('whole');
    expect(regionToSee(undefined, 1)).toBe('face');
    expect(regionToSee('face', 1)).toBe('face');
    expect(() => regionToSee('whole', 1)).toThrow(/not to see faces/);
  });
});

it('stays the chosen one in the editor until the hole is over others alone', () => {
  const shown = (hole: typeof left, chosen: number | undefined) =>
    faceOf(faces, hole, holeBounds(hole), chosen);
  const none = holeOf();
  expect([undefined, 0, 1].map((chosen) => shown(left, chosen))).toEqual([0, 0, 0]);
  expect([undefined, 0, 1].map((chosen) => shown(both, chosen))).toEqual([1, 0, 1]);
  expect([undefined, 0, 1].map((chosen) => shown(nowhere, chosen))).toEqual([0, 0, 1]);
  expect([undefined, 1, 2].map((chosen) => shown(none, chosen))).toEqual([undefined, 1, undefined]);
});

it('has a frame that reaches above its brows', () => {
  const landmarks = [
    { x: 100, y: 100 },
    { x: 200, y: 100 },
    { x: 150, y: 200 },
  ];
  expect(frameOf(landmarks)).toEqual({ left: 92, top: 60, right: 208, bottom: 205 });
});
