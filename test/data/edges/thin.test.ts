import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeSmallComponents } from '../../../src/data/edges/components.ts';
import { thin } from '../../../src/data/edges/thin.ts';
import { deepPsFixtures } from '../../reference.ts';
import { fixture } from '../support.ts';

/** Rows of `#` (line) and `.` to a binary image. */
function image(...rows: string[]): [Uint8Array, number, number] {
  return [Uint8Array.from(rows.join(''), (c) => (c === '#' ? 1 : 0)), rows.length, rows[0].length];
}

function rows(binary: Uint8Array, width: number): string[] {
  const text = Array.from(binary, (v) => (v ? '#' : '.')).join('');
  return text.match(new RegExp(`.{${width}}`, 'g'))!;
}

describe('thinning', () => {
  it.skipIf(deepPsFixtures.reason).each(['thin_edges', 'thin_shapes'])(
    `equals scikit-image exactly: %s${deepPsFixtures.reason}`,
    (name) => {
      const tensors = fixture(name);
      const input = tensors.get('in/binary')!;
      const [height, width] = input.shape as [number, number];
      const lines = thin(input.data as Uint8Array, height, width);
      expect(lines).toEqual(tensors.get('out/thin')!.data);
      expect(removeSmallComponents(lines, height, width, 5)).toEqual(tensors.get('out/clean')!.data);
    },
  );

  it('leaves the middle line of a bar', () => {
    const [binary, height, width] = image('.......', '.#####.', '.#####.', '.#####.', '.......');
    const result = rows(thin(binary, height, width), width);
    expect(result[1]).toBe('.......');
    expect(result[2]).toMatch(/^\.+#{3,}\.+$/);
    expect(result[3]).toBe('.......');
  });

  it('works up to the border of the image', () => {
    const [binary, height, width] = image('####', '####', '....');
    expect(rows(thin(binary, height, width), width).join('')).toContain('##');
  });

  it('only ever removes, changes nothing a second time and keeps every component', () => {
    const anyImage = fc
      .tuple(fc.integer({ min: 3, max: 14 }), fc.integer({ min: 3, max: 14 }))
      .chain(([h, w]) =>
        fc.tuple(
          fc.constant(h),
          fc.constant(w),
          fc.uint8Array({ minLength: h * w, maxLength: h * w, max: 1 }),
        ),
      );
    fc.assert(
      fc.property(anyImage, ([height, width, binary]) => {
        const once = thin(binary, height, width);
        expect(once.every((v, i) => v <= binary[i])).toBe(true);
        expect(thin(once, height, width)).toEqual(once);
        expect(countComponents(once, height, width)).toBe(countComponents(binary, height, width));
      }),
    );
  });
});

function countComponents(binary: Uint8Array, height: number, width: number): number {
  let rest = Uint8Array.from(binary);
  let count = 0;
  const flood = (p: number) => {
    if (!rest[p]) return;
    rest[p] = 0;
    const [y, x] = [Math.floor(p / width), p % width];
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) flood(ny * width + nx);
    }
  };
  rest = Uint8Array.from(binary);
  for (let p = 0; p < rest.length; p++) {
    if (rest[p]) {
      count++;
      flood(p);
    }
  }
  return count;
}

describe('removing small components', () => {
  const [binary, height, width] = image('#....##', '.#.....', '..#..#.', '.......', '####.##');

  it('counts diagonal neighbours as connected and removes what is smaller', () => {
    expect(rows(removeSmallComponents(binary, height, width, 3), width)).toEqual([
      '#......',
      '.#.....',
      '..#....',
      '.......',
      '####...',
    ]);
  });

  it('removes nothing at size 0', () => {
    expect(removeSmallComponents(binary, height, width, 0)).toEqual(binary);
  });
});
