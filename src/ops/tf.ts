/**
 * The one place that loads TensorFlow: tfjs-node-gpu's JavaScript on the native library that `scripts/setup`
 * installed; for the npm package it is installed here, at the first use. Everything else imports `tf` from here.
 */
import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import { isPackage, requireFromEngine } from '../runtime/installation.mjs';

// TensorFlow reads these once, when the addon loads. A user's own setting wins.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
// oneDNN's convolutions are the faster ones, but off by default on CPUs without AVX512-VNNI.
process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
// Without this TensorFlow takes all memory of every visible GPU at once.
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
// The same seed gives the same run on a GPU too. A CPU's operations are deterministic as they are.
process.env.TF_DETERMINISTIC_OPS ??= '1';
// tfjs-node computes on the last GPU that it sees while TensorFlow holds memory on all.
process.env.CUDA_VISIBLE_DEVICES ??= '0';

const require = createRequire(import.meta.url);

// In a clone `npm run` has set up before.
if (isPackage()) {
  const { setUp } = await import(new URL('../../scripts/setup/setup.mjs', import.meta.url).href);
  await setUp();
}

// Node 23 removed a function that tfjs-node calls.
const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
util.isNullOrUndefined ??= (value) => value === null || value === undefined;

// A copy, for each property of the module itself is a function that asks another: a fiftieth of a training step.
export const tf: typeof TensorFlow & { node: unknown } = {
  ...requireFromEngine('@tensorflow/tfjs-node-gpu'),
};
// The backend is already the native one; this keeps TF.js from printing its own advice.
tf.env().set('PROD', true);

// What a `tidy` returns is searched for tensors, by TF.js number by number of typed arrays too: most of the time of reading
// a network's weights. They hold none.
const engine = tf.engine();
const endScope = engine.endScope.bind(engine);
engine.endScope = (result) => endScope(tensorsIn(result));

function tensorsIn(container: unknown, seen = new Set<object>()): TensorFlow.Tensor[] {
  if (typeof container !== 'object' || container === null || ArrayBuffer.isView(container)) return [];
  if (container instanceof tf.Tensor) return [container];
  if (seen.has(container)) return [];
  seen.add(container);
  return Object.values(container).flatMap((value) => tensorsIn(value, seen));
}

export type { TensorFlow };
export type Tensor = TensorFlow.Tensor;
export type Tensor1D = TensorFlow.Tensor1D;
export type Tensor2D = TensorFlow.Tensor2D;
export type Tensor3D = TensorFlow.Tensor3D;
export type Tensor4D = TensorFlow.Tensor4D;
export type Variable = TensorFlow.Variable;
export type LayersModel = TensorFlow.LayersModel;
