import { describe, expect, it } from 'vitest';
import {
  fitsFloat16,
  roundToFloat16,
  widenFloat8E4M3,
  widenFloat8E5M2,
  widenFloat16,
} from '../../src/weights/float16.ts';

const rounded = (...values: number[]) => [...roundToFloat16(Float32Array.from(values))];

describe('half precision', () => {
  it('gives every half back', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const isNumber = (half: number) => (half & 0x7c00) !== 0x7c00 || (half & 0x3ff) === 0;
    expect([...roundToFloat16(widenFloat16(halves))].filter((_, i) => isNumber(i))).toEqual(
      [...halves].filter(isNumber),
    );
  });

  it('takes the nearest, and of two the even one', () => {
    const step = 2 ** -10;
    const of = (value: number) => widenFloat16(Uint16Array.from(rounded(value)))[0];
    expect(of(1 + 0.4 * step)).toBe(1);
    expect(of(1 + 0.6 * step)).toBe(1 + step);
    expect(of(1 + 0.5 * step)).toBe(1);
    expect(of(1 + 1.5 * step)).toBe(1 + 2 * step);
    expect(of(-1 - 1.5 * step)).toBe(-1 - 2 * step);
    expect(of(2 - 0.25 * step)).toBe(2);
    // Below 2^-14 the last digit is worth 2^-24.
    expect(of(1.5 * 2 ** -24)).toBe(2 ** -23);
    expect(of(0.5 * 2 ** -24)).toBe(0);
    expect(of(0.51 * 2 ** -24)).toBe(2 ** -24);
    expect(of(2 ** -14 - 2 ** -26)).toBe(2 ** -14);
  });

  it('turns what is too large into infinity and keeps what is no number', () => {
    expect(rounded(65_519.99, 65_520, -70_000, Number.POSITIVE_INFINITY)).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x7c00,
    ]);
    expect(widenFloat16(Uint16Array.from(rounded(Number.NaN)))[0]).toBeNaN();
    expect(rounded(0, -0)).toEqual([0, 0x8000]);
  });

  it('rounds the part of a buffer that an array covers', () => {
    expect([...roundToFloat16(Float32Array.of(9, 1, -2, 9).subarray(1, 3))]).toEqual([0x3c00, 0xc000]);
  });

  it('fits numbers up to 65504', () => {
    expect(fitsFloat16(Float32Array.of(0, 65504, -65504))).toBe(true);
    for (const value of [65505, -65505, Number.POSITIVE_INFINITY, Number.NaN])
      expect(fitsFloat16(Float32Array.of(0, value))).toBe(false);
  });
});

describe('numbers of 8 bits', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);

  it('with 5 bits of exponent are the upper half of half precision', () => {
    expect(widenFloat8E5M2(all)).toEqual(widenFloat16(Uint16Array.from(all, (byte) => 256 * byte)));
  });

  it('with 4 bits of exponent are evenly spaced between powers of two', () => {
    const found = [...widenFloat8E4M3(all)];
    const eighths = [0, 1, 2, 3, 4, 5, 6, 7];
    const expected = [
      ...eighths.map((i) => i * 2 ** -9),
      ...Array.from({ length: 15 }, (_, e) => eighths.map((i) => (8 + i) * 2 ** (e - 9))).flat(),
    ];
    expected[127] = Number.NaN;
    expect(found.slice(0, 128)).toEqual(expected);
    expect(found.slice(128)).toEqual(expected.map((value) => -value));
  });
});
