/**
 * Trains a tiny network from a configuration that is written in code, stops half-way, goes on, and prints the errors on
 * photos that were held out. Takes about a minute.
 *
 *     node --import tsx examples/train-from-code.ts
 */
import { trainRun } from '../src/index.ts';

const config = {
  name: 'from-code',
  method: 'pix2pix',
  resolution: 64,
  data: {
    source: { kind: 'faces', count: 16 },
    edges: { size: 128, padding: 16 },
    split: { validation: 0.1, test: 0.2 },
  },
  model: { width: 4, depth: 6, discriminatorWidth: 4 },
  training: { duration: { steps: 6 }, batch: 2, holePool: 8 },
  output: { sampleCount: 2, testCount: 4 },
};

const stopped = await trainRun({ config, maxSteps: 3 });
console.log(`Stopped after ${stopped.end.step} of ${stopped.plan.steps} steps: ${stopped.end.checkpoint}`);

const { run, end, table } = await trainRun({ resume: stopped.run.path });
console.log(`Finished after ${end.step} steps: ${run.path}`);
console.log(JSON.stringify(table?.rows, null, 2));
