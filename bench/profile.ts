/**
 * Where a training step's or a prediction's time goes, by TensorFlow operation: `node --import tsx bench/profile.ts
 * LEVEL BATCH [--infer] [--shapes] [--runs N] [--set KEY=VALUE ...]`. Needs a CPU, where an operation has ended when
 * its call returns.
 */
import { parseArgs } from 'node:util';
import { benchConfig } from '../src/cli/bench/bench-config.ts';
import { inferenceWork } from '../src/cli/bench/work/infer.ts';
import { trainingWork } from '../src/cli/bench/work/train.ts';
import { type Tensor, tf } from '../src/runtime/tf.ts';
import { table } from '../src/train/plan.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    infer: { type: 'boolean', default: false },
    shapes: { type: 'boolean', default: false },
    runs: { type: 'string', default: '4' },
    rows: { type: 'string', default: '24' },
    config: { type: 'string', default: 'configs/dps.yaml' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const [level = 1, count = 8] = positionals.map(Number);

type Execute = (op: string, attributes: unknown[], inputs: Tensor[], outputs?: number) => unknown;
const times = new Map<string, { seconds: number; calls: number }>();

/** Adds up the time of every operation, by name or by name and shapes. */
function watch(): void {
  const backend = tf.backend() as unknown as Record<string, Execute>;
  for (const name of ['executeSingleOutput', 'executeMultipleOutputs']) {
    const execute = backend[name]!.bind(backend);
    backend[name] = (op, attributes, inputs, outputs) => {
      const begin = performance.now();
      const result = execute(op, attributes, inputs, outputs);
      const shapes = values.shapes ? ` ${inputs.map(({ shape }) => `[${shape}]`).join(' ')}` : '';
      const entry = times.get(op + shapes) ?? { seconds: 0, calls: 0 };
      entry.seconds += (performance.now() - begin) / 1000;
      entry.calls += 1;
      times.set(op + shapes, entry);
      return result;
    };
  }
}

const config = benchConfig(values.config, values.set, level);
const work = values.infer ? inferenceWork(config, count) : await trainingWork(config, level, count);
const runs = Number(values.runs);
watch();
for (let i = 0; i < 2; i++) await work.iterate();
times.clear();
const begin = performance.now();
for (let i = 0; i < runs; i++) await work.iterate();
const total = (performance.now() - begin) / 1000;

const rows = [...times].sort(([, a], [, b]) => b.seconds - a.seconds);
const inside = rows.reduce((sum, [, { seconds }]) => sum + seconds, 0);
const calls = rows.reduce((sum, [, entry]) => sum + entry.calls, 0);
const cells = rows
  .slice(0, Number(values.rows))
  .map(([op, { seconds, calls }]) => [
    op,
    ((1000 * seconds) / runs).toFixed(1),
    `${((100 * seconds) / total).toFixed(1)} %`,
    (calls / runs).toFixed(0),
  ]);
for (const line of table(['operation', 'ms', 'share', 'calls'], cells)) console.log(line);
console.log(
  `${((1000 * total) / runs).toFixed(0)} ms an iteration, ${((100 * inside) / total).toFixed(0)} % of it in ` +
    `${(calls / runs).toFixed(0)} operations`,
);
