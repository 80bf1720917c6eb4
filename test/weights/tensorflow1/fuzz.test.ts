import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserError } from '../../../src/runtime/errors.ts';
import { openTensorBundle } from '../../../src/weights/tensorflow1/read.ts';
import { fc } from '../../property.ts';
import { damage } from '../mutations.ts';
import { block, entryOf, header, sealed, table, writeBundle } from './write-bundle.ts';

let prefix: string;
const files = () => [`${prefix}.index`, `${prefix}.data-00000-of-00001`] as const;
let whole: readonly Buffer[];
beforeAll(() => {
  prefix = join(mkdtempSync(join(tmpdir(), 'fuzz-bundle-')), 'snap');
  const names = Array.from({ length: 25 }, (_, i) => `net/conv${i}/kernel`);
  const variable = (i: number) => ({ shape: [2, i], data: new Float32Array(2 * i).fill(i) });
  writeBundle(prefix, new Map(names.map((name, i) => [name, variable(i)])));
  whole = files().map((path) => readFileSync(path));
});
afterAll(() => rmSync(join(prefix, '..'), { recursive: true }));

/** Name to shape and elements of what can be read, or undefined when nothing can; all errors are for users. */
function attempt(contents: readonly Buffer[]): Record<string, unknown> | undefined {
  for (const [i, path] of files().entries()) writeFileSync(path, contents[i]);
  return forUser(() => {
    const bundle = openTensorBundle(prefix);
    try {
      const entries = [...bundle.tensors].map(([name, { shape, read }]) => {
        const values = forUser(read);
        if (values) expect(values.length).toBe(shape.reduce((product, side) => product * side, 1));
        return [name, [shape, values && [...values]]];
      });
      return Object.fromEntries(entries);
    } finally {
      bundle.close();
    }
  });
}

function forUser<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

it('a damaged checkpoint is read as it was or refused', () => {
  const intact = attempt(whole);
  expect(Object.keys(intact!)).toHaveLength(25);
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(1), damage, (which, edit) => {
      const found = attempt(whole.map((bytes, i) => (i === which ? edit(bytes) : bytes)));
      if (!found) refused++;
      for (const [name, [, values]] of Object.entries(found ?? {}) as [string, [unknown, unknown]][])
        if (values) expect(found![name]).toEqual(intact![name]);
    }),
    { seed: 24, numRuns: 2_000 },
  );
  expect(refused).toBeGreaterThan(500);
});

it('an index that is wrong under right check sums is read or refused', () => {
  const entry = entryOf([2, 3], 0, new Uint8Array(24));
  const content = block([header, ['net/conv1/kernel', entry], ['net/conv1/u', entry]]).subarray(0, -5);
  const bytes = fc.array(fc.tuple(fc.nat(content.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
  let refused = 0;
  fc.assert(
    fc.property(bytes, (edits) => {
      const edited = Buffer.from(content);
      for (const [at, value] of edits) edited[at] = value;
      if (!attempt([table([sealed(edited)]), whole[1]])) refused++;
    }),
    { seed: 25, numRuns: 2_000 },
  );
  expect(refused).toBeGreaterThan(500);
  expect(refused).toBeLessThan(1_500);
});
