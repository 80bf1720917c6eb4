/** Runs an ONNX file in onnxruntime, one measured iteration for each line on standard input. See contestant.ts. */
import { createInterface } from 'node:readline';
import ort from 'onnxruntime-node';
import type { FileAssignment, Message } from './contestant.ts';

const say = (message: Message) => console.log(JSON.stringify(message));

const { file, inputs, warmUp } = JSON.parse(process.argv[2]) as FileAssignment;
const session = await ort.InferenceSession.create(file);
const feeds = Object.fromEntries(
  Object.entries(inputs).map(([name, shape]) => {
    const size = shape.reduce((product, side) => product * side, 1);
    return [name, new ort.Tensor('float32', Float32Array.from({ length: size }, Math.random), shape)];
  }),
);
for (let i = 0; i < warmUp; i++) await session.run(feeds);
say({ software: `onnxruntime ${ort.env.versions.node}` });
for await (const _ of createInterface(process.stdin)) {
  const begin = performance.now();
  await session.run(feeds);
  say({ seconds: (performance.now() - begin) / 1000 });
}
say({ peakBytes: process.resourceUsage().maxRSS * 1024 });
