/**
 * Exports to ONNX measured at a configuration's widths, with random weights: `node --import tsx bench/onnx.ts [CONFIG]
 * [--set KEY=VALUE ...] [--runs N]`. A line for the whole path and each generator: time to trace and write, size of the
 * file in both precisions, largest difference from the native engine, and how the time of one picture compares.
 */
import { parseArgs } from 'node:util';
import { type Computation, graphOf, pipeline, singleNetwork } from '../src/export/computation.ts';
import { type OnnxSession, openOnnx, toModel, type Values } from '../src/graph/onnx/session.ts';
import { writeOnnx } from '../src/graph/onnx/write.ts';
import { readConfig } from '../src/models/read-config.ts';
import { createMethod } from '../src/models/registry.ts';
import { tf } from '../src/ops/tf.ts';
import { stream } from '../src/runtime/seed.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: [] }, runs: { type: 'string', default: '15' } },
});
const { config } = readConfig(positionals[0] ?? 'configs/dps.yaml', values.set);
const method = createMethod(config);

/** Noise, but one line for a sketch, a box for a hole and 0.5 for l. */
function inputsOf({ inputs }: Computation): Record<string, Values> {
  const random = stream(1, 'bench');
  return Object.fromEntries(
    Object.entries(inputs).map(([name, port]) => {
      const shape = [1, ...port.shape];
      const [h = 1, w = 1] = port.shape;
      const value = (i: number) => {
        if (name === 'sketch') return i % w === Math.floor(w / 3) ? -1 : 1;
        if (name === 'hole') return i % w > w / 4 && i > (h * w) / 2 ? 1 : 0;
        return name === 'l' ? 0.5 : random.uniform(-1, 1);
      };
      const size = shape.reduce((product, side) => product * side, 1);
      return [name, { shape, data: Float32Array.from({ length: size }, (_, i) => value(i)) }];
    }),
  );
}

interface Time {
  readonly wall: number;
  readonly cpu: number;
}

async function timed(work: () => Promise<unknown>): Promise<Time> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - begin, cpu: (user + system) / 1000 };
}

function runNative(computation: Computation, feeds: Record<string, Values>): Record<string, Float32Array> {
  const results = tf.tidy(() => {
    const tensors = Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      tf.tensor(data, [...shape]),
    ]);
    return computation.run(Object.fromEntries(tensors));
  });
  const read = Object.entries(results).map(([name, result]) => [name, result.dataSync() as Float32Array]);
  tf.dispose(results);
  return Object.fromEntries(read);
}

const middle = (times: readonly Time[], of: keyof Time): number =>
  times.map((time) => time[of]).sort((a, b) => a - b)[times.length >> 1];

/** In turns, so that whatever else the machine does falls on both. */
async function compareTimes(computation: Computation, session: OnnxSession): Promise<string> {
  const feeds = inputsOf(computation);
  const tensors = Object.fromEntries(Object.entries(feeds).map(([name, values]) => [name, toModel(values)]));
  const native: Time[] = [];
  const onnx: Time[] = [];
  for (let i = 0; i <= Number(values.runs); i++) {
    const first = await timed(async () => runNative(computation, feeds));
    const second = await timed(() => session.compute(tensors));
    // The first of each is slower: kernels are chosen and memory is taken.
    if (i > 0) {
      native.push(first);
      onnx.push(second);
    }
  }
  const ratio = (of: keyof Time) => (middle(onnx, of) / middle(native, of)).toFixed(2);
  const ms = (times: readonly Time[]) => `${middle(times, 'wall').toFixed(0)} ms`;
  return `ONNX ${ms(onnx)}, native ${ms(native)}: ${ratio('wall')} of the time, ${ratio('cpu')} of the CPU time`;
}

async function largestDifference(computation: Computation, session: OnnxSession): Promise<number> {
  const feeds = inputsOf(computation);
  const expected = runNative(computation, feeds);
  const results = await session.run(feeds);
  const differences = Object.entries(results).map(([name, { data }]) =>
    data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[name][i])), 0),
  );
  return Math.max(...differences);
}

const generators = Object.keys(method.networks).filter((name) => /^(F|G\d+)$/.test(name));
const computations = [pipeline(method, config), ...generators.map((name) => singleNetwork(method, name))];
for (const computation of computations) {
  const begin = performance.now();
  const graph = graphOf(computation);
  const options = { name: computation.name, producer: { name: 'bench', version: '1' }, description: '' };
  const files = (['fp32', 'fp16'] as const).map((precision) => writeOnnx(graph, { ...options, precision }));
  const seconds = (performance.now() - begin) / 1000;
  const sizes = files.map((file) => `${(file.length / 1e6).toFixed(1)} MB`);
  console.log(
    `${computation.name}: ${sizes.join(' or ')}, traced and written twice in ${seconds.toFixed(1)} s`,
  );
  const sessions = await Promise.all(files.map((file) => openOnnx(file)));
  const [single, half] = await Promise.all(
    sessions.map(async (session) => (await largestDifference(computation, session)).toExponential(1)),
  );
  console.log(`  largest difference: fp32 ${single}, fp16 ${half}`);
  console.log(`  ${await compareTimes(computation, sessions[0])}`);
  for (const session of sessions) await session.release();
}
