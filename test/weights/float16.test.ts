import { describe, expect, it } from 'vitest';
import { roundToFloat16, widenFloat16 } from '../../src/weights/float16.ts';

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
});
