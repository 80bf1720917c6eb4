import type { Values } from '../../graph/onnx/session.ts';
import { type Tensor, type TensorFlow, tf } from '../../ops/tf.ts';
import { onWasm } from '../../ops/wasm.ts';
import { valuesOf } from '../cases.ts';
import type { Runner } from '../proof.ts';

/** Loads the GraphModel of a `model.json`, to be run by TF.js on WebAssembly. */
export async function openGraphModel(path: string): Promise<Runner> {
  const model = await onWasm(() => tf.loadGraphModel(`file://${path}`));
  return {
    run: (inputs) => onWasm(() => predict(model, inputs)),
    close: () => onWasm(() => model.dispose()),
  };
}

function predict(
  model: TensorFlow.GraphModel,
  inputs: Readonly<Record<string, Values>>,
): Record<string, Values> {
  const tensors = Object.entries(inputs).map(
    ([name, { shape, data }]) => [name, tf.tensor(data, [...shape])] as const,
  );
  const feeds = Object.fromEntries(tensors);
  const outputs = model.predict(feeds) as unknown as Record<string, Tensor>;
  const values = Object.entries(outputs).map(([name, tensor]) => [name, valuesOf(tensor)] as const);
  tf.dispose([feeds, outputs]);
  return Object.fromEntries(values);
}
