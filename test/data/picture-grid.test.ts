import { expect, it } from 'vitest';
import { textPath, textWidth } from '../../src/data/picture-grid.ts';

it('letters stay in their boxes, and what has none is a box', () => {
  const path = textPath('gÅ', 10, 20, 2);
  const points = [...path.matchAll(/([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(Math.max(...points.map(([x]) => x))).toBeLessThanOrEqual(10 + textWidth('gÅ') * 2);
  expect(Math.max(...points.map(([, y]) => y))).toBe(20 + 8 * 2);
  expect(path.split('M').length - 1).toBe(3);
});
