/** The edge detector as an ONNX model, for pages without a server. */
import { makeCases } from '../../export/cases.ts';
import { type Computation, graphOf } from '../../export/computation.ts';
import { PRODUCER } from '../../export/producer.ts';
import { compareOutputs, requireEqual, toleranceOf } from '../../export/proof.ts';
import { openOnnx } from '../../graph/onnx/session.ts';
import { writeOnnx } from '../../graph/onnx/write.ts';
import { type Hed, loadHed } from '../../nn/hed.ts';
import { type Tensor4D, tf } from '../../ops/tf.ts';

/**
 * HED from photo [n, size, size, 3] in [-1, 1] to edge probabilities [n, size, size, 1], the photo being continued by
 * reflection as in the preparation of training data (in NHWC here, in NCHW in the file).
 *
 * @throws UserError when HED's weights are missing, or onnxruntime computes something else.
 */
export async function writeEdgeModel(size: number, padding: number): Promise<Uint8Array> {
  const hed = await loadHed();
  try {
    const computation = edgeComputation(hed, size, padding);
    const meaning = 'RGB in [-1, 1]';
    const bytes = writeOnnx(graphOf(computation), {
      name: computation.name,
      precision: 'fp32',
      producer: PRODUCER,
      description: 'HED (Xie and Tu, 2015), trained on BSDS500',
      ports: { photo: meaning, ...computation.outputs },
      metadata: {},
    });
    const session = await openOnnx(bytes);
    const compared = await compareOutputs(makeCases(computation), {
      run: session.run,
      close: session.release,
    });
    const tolerance = toleranceOf('fp32');
    requireEqual({ network: 'HED', format: 'onnx', runtime: 'onnxruntime', tolerance, ...compared });
    return bytes;
  } finally {
    hed.dispose();
  }
}

function edgeComputation(hed: Hed, size: number, padding: number): Computation {
  return {
    name: 'edges',
    networks: [],
    inputs: { photo: { kind: 'photo', shape: [size, size, 3], meaning: 'RGB in [-1, 1]' } },
    outputs: { edges: 'probability of an edge' },
    run: ({ photo }) => {
      const bytes = tf.mul(tf.add(photo as Tensor4D, 1), 127.5);
      const pad: [number, number] = [padding, padding];
      const padded = tf.mirrorPad(bytes, [[0, 0], pad, pad, [0, 0]], 'reflect') as Tensor4D;
      const { fused } = hed.edges(padded);
      return { edges: tf.slice(fused, [0, padding, padding, 0], [-1, size, size, 1]) };
    },
  };
}
