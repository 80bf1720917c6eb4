import { join } from 'node:path';
import { writeGraphModel } from '../../graph/tfjs/graph-model.ts';
import { writeLayersModel } from '../../graph/tfjs/layers-model.ts';
import { type LayersModel, type Tensor, tf } from '../../ops/tf.ts';
import { runNative } from '../cases.ts';
import { compareOutputs, type Proof, toleranceOf } from '../proof.ts';
import type { Exporter, Subject } from './exporter.ts';
import { openGraphModel } from './open-graph-model.ts';

/**
 * `tfjs/NAME/model.json`, a GraphModel, run by TF.js on its WebAssembly backend; and for those who train on,
 * `tfjs-layers/NETWORK/model.json` for every network, LayersModels of this project's classes in single precision.
 */
export const exportTfjs: Exporter = async (subject, { folder, precision }) => {
  const { name, networks } = subject.computation;
  const path = join(folder, 'tfjs', name);
  await writeGraphModel(path, subject.graph(), precision);
  const compared = await compareOutputs(subject.cases(), await openGraphModel(join(path, 'model.json')));
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
    proofs.push(await exportLayers(subject.network(network), join(folder, 'tfjs-layers', network.name)));
  return proofs;
};

async function exportLayers({ computation, cases }: Subject, path: string): Promise<Proof> {
  const [network] = computation.networks as [LayersModel];
  await writeLayersModel(path, network);
  const loaded = await tf.loadLayersModel(`file://${join(path, 'model.json')}`);
  const names = Object.keys(computation.outputs);
  const run = (inputs: Record<string, Tensor>) => {
    const given = Object.values(inputs);
    const results = [loaded.apply(given.length === 1 ? given[0] : given)].flat() as Tensor[];
    return Object.fromEntries(names.map((name, i) => [name, results[i]]));
  };
  const compared = await compareOutputs(cases(), {
    run: async (inputs) => runNative(run, inputs),
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
