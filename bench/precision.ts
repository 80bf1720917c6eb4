/**
 * CPU time of training steps in bfloat16 against float32, by turns: `node --import tsx bench/precision.ts LEVEL BATCH
 * [--config FILE] [--runs N]`; level 0 is F. CPU time says the same on a busy machine.
 */
import { parseArgs } from 'node:util';
import { requirePrecision, thisMachine } from '../src/train/precision.ts';
import { median } from './statistics.ts';
import { benchConfig, type Duration, measured, trainingWork } from './works.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string', default: 'configs/dps.yaml' },
    runs: { type: 'string', default: '8' },
  },
});
const [level = 0, batch = 4] = positionals.map(Number);

const works = [];
for (const precision of ['float32', 'bfloat16']) {
  const config = benchConfig(values.config, [`runtime.precision=${precision}`]);
  requirePrecision(config.runtime, thisMachine(), () => 'bench/precision.ts');
  const durations: Duration[] = [];
  works.push({ precision, durations, work: await trainingWork(config, level, batch) });
}
for (const { work } of works) await work.iterate();
for (let i = 0; i < Number(values.runs); i++)
  for (const { work, durations } of works) durations.push(await measured(work));

const [plain, mixed] = works.map(({ precision, durations }) => {
  const cpu = median(durations.map(({ cpuSeconds }) => cpuSeconds));
  console.log(`${precision}: ${(1000 * cpu).toFixed(0)} ms of CPU time a step`);
  return cpu;
});
console.log(`bfloat16 takes ${(mixed / plain).toFixed(2)} of float32's.`);
