/** Runs an ONNX file in onnxruntime, a process of its own. See contestant.ts. */
import ort from 'onnxruntime-node';
import { type FileAssignment, serve } from './contestant.ts';

const { file, inputs, warmUp } = JSON.parse(process.argv[2]) as FileAssignment;
const session = await ort.InferenceSession.create(file);
const feeds = Object.fromEntries(
  Object.entries(inputs).map(([name, shape]) => {
    const size = shape.reduce((product, side) => product * side, 1);
    return [name, new ort.Tensor('float32', Float32Array.from({ length: size }, Math.random), shape)];
  }),
);
const iterate = async () => void (await session.run(feeds));
for (let i = 0; i < warmUp; i++) await iterate();
await serve({ software: `onnxruntime ${ort.env.versions.node}` }, { iterate });
