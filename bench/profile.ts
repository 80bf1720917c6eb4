/**
 * Where a training step's or a prediction's time goes, by TensorFlow operation: `node --import tsx bench/profile.ts
 * LEVEL BATCH [--infer] [--shapes] [--runs N] [--set KEY=VALUE ...]`. Needs a CPU, where an operation has ended when
 * its call returns.
 */
import { parseArgs } from 'node:util';
import { floatingPointOperations } from '../src/ops/flops.ts';
import { type Execution, watchOperations } from '../src/ops/raw.ts';
import { table } from '../src/train/plan.ts';
import { benchConfig, inferenceWork, trainingWork } from './works.ts';

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

const config = benchConfig(values.config, ['runtime.compile=false', ...values.set], level);
const work = values.infer ? inferenceWork(config, count) : await trainingWork(config, level, count);
const runs = Number(values.runs);
for (let i = 0; i < 2; i++) await work.iterate();

/** By name, or by name and shapes. */
const entries = new Map<string, { seconds: number; calls: number; operations: number }>();
function executed(execution: Execution): void {
  const shapes = values.shapes ? ` ${execution.inputs.map(({ shape }) => `[${shape}]`).join(' ')}` : '';
  const entry = entries.get(execution.op + shapes) ?? { seconds: 0, calls: 0, operations: 0 };
  entry.seconds += execution.seconds;
  entry.calls += 1;
  entry.operations += floatingPointOperations(execution);
  entries.set(execution.op + shapes, entry);
}
const stop = watchOperations({ executed });
const begin = performance.now();
for (let i = 0; i < runs; i++) await work.iterate();
const total = (performance.now() - begin) / 1000;
stop();

const rows = [...entries].sort(([, a], [, b]) => b.seconds - a.seconds);
const sum = (of: 'seconds' | 'calls' | 'operations') => rows.reduce((all, [, entry]) => all + entry[of], 0);
const gflops = (operations: number, seconds: number) =>
  operations > 0 ? (operations / seconds / 1e9).toFixed(0) : '';
const cells = rows
  .slice(0, Number(values.rows))
  .map(([op, { seconds, calls, operations }]) => [
    op,
    ((1000 * seconds) / runs).toFixed(1),
    `${((100 * seconds) / total).toFixed(1)} %`,
    (calls / runs).toFixed(0),
    gflops(operations, seconds),
  ]);
for (const line of table(['operation', 'ms', 'share', 'calls', 'GFLOP/s'], cells)) console.log(line);
console.log(
  `${((1000 * total) / runs).toFixed(0)} ms an iteration, ${((100 * sum('seconds')) / total).toFixed(0)} % of it in ` +
    `${(sum('calls') / runs).toFixed(0)} operations; ${(sum('operations') / runs / 1e9).toFixed(0)} GFLOP, ` +
    `${gflops(sum('operations'), total)} GFLOP/s`,
);
