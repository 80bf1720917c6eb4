import { dirname, join } from 'node:path';
import { writeGraphModel } from '../../graph/tfjs.ts';
import { type LayersModel, type Tensor, type TensorFlow, tf } from '../../ops/tf.ts';
import { nameFile, writeFileAtomically } from '../../runtime/files.ts';
import { requireFromEngine } from '../../runtime/installation.mjs';
import { compareOutputs, type Proof, type Runner, runOnValues, toleranceOf } from '../proof.ts';
import type { Exporter, ExportSource } from './exporter.ts';

/**
 * `tfjs/NAME/model.json`, a GraphModel, run by TF.js on its WebAssembly backend; and for those who train on,
 * `tfjs-layers/NETWORK/model.json` for every network, LayersModels of this project's classes in single precision.
 */
export const exportTfjs: Exporter = async (source, { folder, precision }) => {
  const { name, networks } = source.computation;
  const path = join(folder, 'tfjs', name);
  await writeGraphModel(path, source.graph(), precision);
  const compared = await compareOutputs(source.cases(), await openGraphModel(join(path, 'model.json')));
  const proofs: Proof[] = [
    {
      network: name,
      format: 'tfjs',
      runtime: 'TF.js (wasm)',
      tolerance: toleranceOf(precision),
      ...compared,
    },
  ];
  for (const network of networks)
    proofs.push(await exportLayers(source.network(network), join(folder, 'tfjs-layers', network.name)));
  return proofs;
};

async function exportLayers({ computation, cases }: ExportSource, path: string): Promise<Proof> {
  const [network] = computation.networks as [LayersModel];
  await writeLayersModel(path, network);
  const loaded = await loading(path, tf.loadLayersModel(`file://${join(path, 'model.json')}`));
  const names = Object.keys(computation.outputs);
  const run = (inputs: Record<string, Tensor>) => {
    const given = Object.values(inputs);
    const results = [loaded.apply(given.length === 1 ? given[0] : given)].flat() as Tensor[];
    return Object.fromEntries(names.map((name, i) => [name, results[i]]));
  };
  const compared = await compareOutputs(cases(), {
    run: async (inputs) => runOnValues(run, inputs),
    close: async () => void loaded.dispose(),
  });
  const runtime = 'TF.js (native)';
  return {
    network: computation.name,
    format: 'tfjs-layers',
    runtime,
    tolerance: toleranceOf('fp32'),
    outputs: compared.outputs,
  };
}

/** TF.js leaves the file out of the system's errors when it reads one. */
async function loading<T>(path: string, model: Promise<T>): Promise<T> {
  try {
    return await model;
  } catch (error) {
    throw nameFile(error, path);
  }
}

/** Loads the GraphModel of a `model.json`, to be run by TF.js on WebAssembly. */
export async function openGraphModel(path: string): Promise<Runner> {
  const model = await loading(
    path,
    onWasm(() => tf.loadGraphModel(`file://${path}`)),
  );
  return {
    run: (inputs) =>
      onWasm(() => runOnValues((tensors) => model.predict(tensors) as TensorFlow.NamedTensorMap, inputs)),
    close: () => onWasm(() => model.dispose()),
  };
}

const WASM = '@tensorflow/tfjs-backend-wasm';

/** Does some work with WebAssembly as TF.js's backend, whose kernels are those that a page runs; then the usual one is back. */
async function onWasm<T>(work: () => T | Promise<T>): Promise<T> {
  const { setWasmPaths } = requireFromEngine(WASM) as { setWasmPaths(folder: string): void };
  const usual = tf.getBackend();
  if (!tf.findBackend('wasm')) setWasmPaths(join(dirname(requireFromEngine.resolve(WASM)), '/'));
  await tf.setBackend('wasm');
  try {
    return await work();
  } finally {
    await tf.setBackend(usual);
  }
}

/**
 * Writes a network as TF.js saves models that can be trained on: `FOLDER/model.json` and `FOLDER/weights.bin`. Who loads
 * it needs its layers' classes (src/nn), registered by importing them.
 */
async function writeLayersModel(folder: string, network: LayersModel): Promise<void> {
  const save = async ({ modelTopology, weightSpecs, weightData }: TensorFlow.io.ModelArtifacts) => {
    const buffers = Array.isArray(weightData) ? weightData : [weightData ?? new ArrayBuffer(0)];
    const json = {
      format: 'layers-model',
      generatedBy: 'deep-plastic-surgery',
      convertedBy: null,
      modelTopology,
      weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
    };
    await writeFileAtomically(
      join(folder, 'weights.bin'),
      Buffer.concat(buffers.map((part) => Buffer.from(part))),
    );
    await writeFileAtomically(join(folder, 'model.json'), `${JSON.stringify(json)}\n`);
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  };
  await network.save(tf.io.withSaveHandler(save));
}
