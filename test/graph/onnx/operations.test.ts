import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { operations } from '../../../src/graph/onnx/write.ts';
import { arithmetic } from './cases/arithmetic.ts';
import { elementwise } from './cases/elementwise.ts';
import { selection } from './cases/selection.ts';
import { shape } from './cases/shape.ts';
import { window } from './cases/window.ts';
import { checkModels, graphOf, largestDifference, noPython, python, write } from './support.ts';

const cases = { ...arithmetic, ...elementwise, ...selection, ...shape, ...window };

const folder = mkdtempSync(join(tmpdir(), 'dps-onnx-'));
const written: string[] = [];
afterAll(() => rmSync(folder, { recursive: true }));

describe('every operation gives in ONNX what it gives in TensorFlow', () => {
  for (const [op, computations] of Object.entries(cases))
    computations.forEach((computation, i) => {
      it(`${op} ${i + 1}`, async () => {
        const graph = graphOf(computation);
        expect(graph.nodes.map((node) => node.op)).toContain(op);
        const path = join(folder, `${op}-${i + 1}.onnx`);
        writeFileSync(path, write(graph));
        for (const batch of [1, 3])
          expect(await largestDifference(computation, path, batch)).toBeLessThan(2e-5);
        written.push(path);
      });
    });

  it('is tried for each that can be written', () => {
    // Made by the writer itself, so tried with whole networks.
    const own = ['InstanceNorm', 'Interleave'];
    expect(Object.keys(cases).sort()).toEqual(
      Object.keys(operations)
        .filter((op) => !own.includes(op))
        .sort(),
    );
  });
});

it.skipIf(!python)(
  `passes ONNX's checker with strict shape inference${python ? '' : ` (${noPython})`}`,
  async () => {
    await checkModels(written);
  },
);
