import { describe, expect, it } from 'vitest';
import { blend, blendPart } from '../../src/infer/blend.ts';
import type { Raster, Region } from '../../src/infer/raster.ts';
import { stream } from '../../src/runtime/seed.ts';
import { busyPhoto, rectangle, rgba } from './rasters.ts';

/** Skin with grain of one standard deviation, of a colour that differs from top to bottom. */
function grainy(side: number, deviation: number): Raster {
  const grain = stream(7);
  const level = (value: number) => Math.round(Math.min(255, Math.max(0, value)));
  return rgba(side, side, (_, y) => {
    const light = deviation * grain.normal() + (40 * y) / side;
    return [level(150 + light), level(110 + light), level(90 + light), 255];
  });
}

/** What a network of `side` px may have drawn of that: no grain. */
function smooth(side: number): Float32Array {
  const result = new Float32Array(3 * side * side);
  for (let i = 0; i < result.length; i++) {
    const light = (40 * Math.floor(i / 3 / side)) / side;
    result[i] = ([150, 110, 90][i % 3] + light) / 127.5 - 1;
  }
  return result;
}

/** The deviation of the differences between neighbours beside each other, in a rectangle of RGBA pixels. */
function grainOf(data: Uint8Array | Uint8ClampedArray, width: number, [left, top, right, bottom]: number[]) {
  let [sum, count] = [0, 0];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right - 1; x++, count++)
      sum += (data[4 * (y * width + x)] - data[4 * (y * width + x + 1)]) ** 2;
  return Math.sqrt(sum / count / 2);
}

/** Much faster than a comparison that says what differs. */
const same = (one: Raster['data'], other: Raster['data']) => Buffer.from(one).equals(Buffer.from(other));

const side = 480;
const whole: Region = { x: 0, y: 0, size: side };
const [left, top, right, bottom] = [160, 160, 340, 330];
const hole = rectangle([side, side], [left, top, right, bottom]);
const inner = [left + 30, top + 30, right - 30, bottom - 30];

describe('detail', () => {
  it.each([2, 6])('has the grain of the photo around, of %d levels', (deviation) => {
    const photo = grainy(side, deviation);
    const around = grainOf(photo.data, side, [0, 0, side, top]);
    const plain = grainOf(blend(photo, hole, smooth(32), whole, false), side, inner);
    const grained = grainOf(blend(photo, hole, smooth(32), whole, true), side, inner);
    expect(plain).toBeLessThan(0.3 * around);
    expect(grained).toBeGreaterThan(0.8 * around);
    expect(grained).toBeLessThan(1.2 * around);
  });

  it('shows no pattern: what lies a tile or half of one away is not alike', () => {
    const photo = grainy(side, 6);
    const data = blend(photo, hole, smooth(32), whole, true);
    const at = (x: number, y: number) =>
      data[4 * (y * side + x)] - (data[4 * (y * side + x - 1)] + data[4 * (y * side + x + 1)]) / 2;
    // A tile is four pixels of the network wide.
    for (const shift of [15, 30, 60]) {
      let [product, square] = [0, 0];
      for (let y = inner[1]; y < inner[3]; y++)
        for (let x = inner[0]; x + shift < inner[2]; x++) {
          product += at(x, y) * at(x + shift, y);
          square += at(x, y) ** 2;
        }
      expect(Math.abs(product / square)).toBeLessThan(0.1);
    }
  });

  it('makes edges steeper, exceeds nothing that the network drew, and keeps their place', () => {
    const photo = rgba(side, side, () => [128, 128, 128, 255]);
    const result = new Float32Array(3 * 32 * 32);
    // From dark to light over three pixels of the network.
    const levels = [-0.6, -0.3, 0.3, 0.6];
    for (let i = 0; i < result.length; i++)
      result[i] = levels[Math.min(3, Math.max(0, (Math.floor(i / 3) % 32) - 14))];
    const row = (detail: boolean) => {
      const data = blend(photo, hole, result, whole, detail);
      return Array.from({ length: 120 }, (_, i) => data[4 * (245 * side + 180 + i)]);
    };
    const [plain, sharp] = [row(false), row(true)];
    const steepest = (values: number[]) => Math.max(...values.slice(1).map((value, i) => value - values[i]));
    expect(steepest(sharp)).toBeGreaterThan(1.15 * steepest(plain));
    expect(Math.min(...sharp)).toBeGreaterThanOrEqual(Math.min(...plain) - 1);
    expect(Math.max(...sharp)).toBeLessThanOrEqual(Math.max(...plain) + 1);
    const middle = (values: number[]) => values.findIndex((value) => value >= 128);
    expect(Math.abs(middle(sharp) - middle(plain))).toBeLessThanOrEqual(1);
  });

  it('leaves all but the hole as it is, in itself and from rectangle to rectangle', () => {
    const photo = busyPhoto(side, side);
    const before = photo.data.slice();
    const once = blend(photo, hole, smooth(32), whole, true);
    expect(same(photo.data, before)).toBe(true);
    const changed = [...once.keys()].filter((i) => once[i] !== before[i]);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter((i) => i % 4 === 3 || !hole.data[i >> 2])).toEqual([]);
    expect(same(once, blend(photo, hole, smooth(32), whole, true))).toBe(true);
    // What the page blends is the least rectangle with the hole; a larger one has the same pixels in it.
    const large = { left: left - 50, top: top - 40, right: right + 30, bottom: bottom + 20 };
    const part = blendPart(photo, hole, smooth(32), whole, large, true);
    const width = large.right - large.left;
    const rows = Array.from({ length: bottom - top }, (_, i) => {
      const from = 4 * ((top + i - large.top) * width + left - large.left);
      const row = 4 * ((top + i) * side + left);
      const length = 4 * (right - left);
      return same(part.subarray(from, from + length), once.subarray(row, row + length));
    });
    expect(rows).not.toContain(false);
  });

  it('changes nothing where the picture is hardly enlarged', () => {
    const photo = grainy(side, 6);
    const isChanged = (r: number) =>
      !same(blend(photo, hole, smooth(r), whole, true), blend(photo, hole, smooth(r), whole, false));
    expect([320, 319].map(isChanged)).toEqual([false, true]);
  });

  it('is sharp edges alone where nothing of the photo is known, or all of it see-through', () => {
    const all = rectangle([side, side], [0, 0, side, side]);
    const opaque = blend(grainy(side, 6), all, smooth(32), whole, true);
    expect(grainOf(opaque, side, inner)).toBeLessThan(1);
    const seeThrough = rgba(side, side, (x) => [x % 2 ? 0 : 255, 0, 0, 128]);
    expect(grainOf(blend(seeThrough, hole, smooth(32), whole, true), side, inner)).toBeLessThan(1);
  });
});
