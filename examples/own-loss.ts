/**
 * A method with a loss of its own: a few convolutions that learn by the Charbonnier loss, a smooth L1. What a step is
 * made of comes from the folders of src: layers, Adam, TensorFlow.
 *
 *     node --import tsx examples/own-loss.ts
 */
import { z } from 'zod';
import { commonShape, editOnly, optimizer, stageShape, trainingShape } from '../src/config/run-config.ts';
import { singleStep } from '../src/core/gan-step.ts';
import { makeLearner } from '../src/core/learner.ts';
import { describePictureNetwork } from '../src/core/ports.ts';
import { type Batch, defineMethod, registerMethod, trainRun } from '../src/index.ts';
import { directMethod } from '../src/models/direct-method.ts';
import { drawWeights } from '../src/nn/initial-weights.ts';
import { LeakyReLU } from '../src/nn/leaky-relu.ts';
import { ZeroPadConv2D } from '../src/nn/zero-pad-conv.ts';
import { type LayersModel, type Tensor4D, type TensorFlow, tf } from '../src/ops/tf.ts';

/** Mean of sqrt(difference² + 1e-6) over all pixels and channels. TensorFlow.js derives it by itself. */
const charbonnier = (a: Tensor4D, b: Tensor4D): TensorFlow.Scalar =>
  tf.mean(tf.sqrt(tf.add(tf.squaredDifference(a, b), 1e-6)));

const schema = z.strictObject({
  ...commonShape('smooth', 'Convolutions that learn by a smooth L1.'),
  task: editOnly,
  resolution: z.int().min(32).max(512).default(64).describe('Side of the images, px.'),
  training: z
    .strictObject({ ...trainingShape, ...stageShape({ epochs: 1 }, 4), optimizer: optimizer() })
    .prefault({})
    .describe('How it is trained.'),
});

/** Photo outside the hole, sketch inside, hole [n,s,s,5]. */
const networkInput = ({ image, sketch, hole }: Batch): Tensor4D =>
  tf.concat([tf.mul(image, tf.sub(1, hole)), tf.mul(sketch, hole), hole], 3) as Tensor4D;

/** [n,s,s,5] → image [n,s,s,3]. */
function buildNetwork(): LayersModel {
  type Symbolic = TensorFlow.SymbolicTensor;
  const convolution = (name: string, filters: number, x: Symbolic) =>
    new ZeroPadConv2D({ name, filters, kernelSize: 5, padding: 'same' }).apply(x) as Symbolic;
  const x = tf.input({ shape: [null, null, 5], name: 'G.x' });
  const h = new LeakyReLU({ slope: 0.2 }).apply(convolution('conv1', 16, x)) as Symbolic;
  return tf.model({ name: 'G', inputs: x, outputs: convolution('conv2', 3, h) });
}

const smooth = defineMethod({
  name: 'smooth',
  title: 'Convolutions with a smooth L1',
  paper: 'an example',
  schema,
  create({
    task,
    resolution,
    seed,
    training: { duration, batch, accumulate, holePool, optimizer: adam, ema },
  }) {
    const G = buildNetwork();
    drawWeights(G, seed, 'kaiming');
    const summary = 'the network, from true sketches';
    return directMethod({
      task,
      networks: { G },
      stages: [
        {
          name: 'smooth',
          summary,
          learns: ['G'],
          optimizer: adam,
          duration,
          batch,
          accumulate,
          holePool,
          holePoolName: 'smooth',
        },
      ],
      learn() {
        const learner = makeLearner(G, adam, ema);
        const lossesOf = (batch: Batch) => ({
          charbonnier: charbonnier(G.apply(networkInput(batch), { training: true }) as Tensor4D, batch.image),
        });
        return {
          learners: [learner],
          step: (batch, inputs, accept) =>
            tf.tidy(() => singleStep(learner, () => lossesOf(batch), inputs, accept)),
        };
      },
      predictor: () => ({
        resolution,
        networks: ['G'],
        controls: ['sketch'],
        intermediates: [],
        predict: (input) => tf.tidy(() => ({ result: G.apply(networkInput(input)) as Tensor4D })),
      }),
      describe() {
        const x = { kind: 'network', meaning: 'RGB outside the hole, sketch inside, hole' } as const;
        return describePictureNetwork(G, 'generator', resolution, { x }, { image: 'RGB in [-1, 1]' });
      },
    });
  },
});

await registerMethod(smooth);
const { run, table } = await trainRun({
  config: {
    method: 'smooth',
    data: { source: { kind: 'faces', count: 12 }, edges: { size: 128, padding: 16 }, split: { test: 0.3 } },
    training: { duration: { steps: 4 }, batch: 2, holePool: 8 },
  },
});
console.log(`Trained with the Charbonnier loss: ${run.path}`);
console.table(table?.rows);
