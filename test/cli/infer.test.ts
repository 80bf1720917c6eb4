import { describe, expect, it } from 'vitest';
import { parseL } from '../../src/cli/infer.ts';

describe('--l', () => {
  it('is one number in [0, 1] or several', () => {
    expect(parseL('0.5')).toEqual([0.5]);
    expect(parseL('0, .25,1')).toEqual([0, 0.25, 1]);
  });

  it.each(['1.1', '-0.1', 'half', '', '0,,1', '0.5,0.50', '1e-3', 'NaN'])('is not "%s"', (text) => {
    expect(() => parseL(text)).toThrow(/value of l/);
  });
});
