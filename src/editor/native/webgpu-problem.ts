import { namedWeights } from '../../nn/network-weights.ts';
import type { LayersModel } from '../../ops/tf.ts';

/**
 * Why onnxruntime-web must not run these networks on WebGPU, in words; undefined where it may. Its version 1.30 computes
 * convolutions wrongly whose input channels are a multiple of 3, beyond 3, and not of 4
 * (https://github.com/microsoft/onnxruntime/issues/29651, as far as it was seen), and says nothing.
 */
export function webgpuProblem(networks: readonly LayersModel[]): string | undefined {
  const channels = networks
    .flatMap((network) => Object.values(namedWeights(network)))
    .flatMap(({ shape }) => (shape.length === 4 ? [shape[2]] : []));
  const wrong = channels.find((count) => count > 3 && count % 3 === 0 && count % 4 !== 0);
  return wrong === undefined
    ? undefined
    : `It computes convolutions of ${wrong} channels wrongly; widths that are a multiple of 4 are right.`;
}
