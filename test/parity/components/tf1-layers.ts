/** Single layers of DeepFillv2 and SC-FEGAN. */
import { GatedConv2D, type GatedConv2DConfig } from '../../../src/nn/gated-conv.ts';
import { LeakyReLU } from '../../../src/nn/leaky-relu.ts';
import { trainableWeights } from '../../../src/nn/network-weights.ts';
import type { Tf1Naming } from '../../../src/nn/original-names.ts';
import { PowerIterationConv2D } from '../../../src/nn/spectral-norm.ts';
import { TransposedConv2D } from '../../../src/nn/transposed-conv.ts';
import { ZeroPadConv2D } from '../../../src/nn/zero-pad-conv.ts';
import { type LayersModel, type Tensor, type Tensor4D, type TensorFlow, tf } from '../../../src/ops/tf.ts';
import type { Checks } from '../compare.ts';
import type { CaseOptions, FixtureCase } from '../fixtures.ts';
import { compareForward, compareGradient, NCHW } from '../layout.ts';
import { rememberSingularVectors } from './simultaneous.ts';
import { compareTf1Gradients, compareTf1State, loadCase } from './tf1.ts';

type Layer = TensorFlow.layers.Layer;

interface Case {
  readonly layers: readonly Layer[];
  readonly naming: Tf1Naming;
  /** A second input of the first layer, of which only the size counts. */
  readonly like?: Tensor4D;
  /** The gate that SC-FEGAN's layers also give. */
  readonly gate?: (x: Tensor4D) => Tensor;
}

const DEEPFILL: Tf1Naming = { prefix: 'L/', gates: 'own kernel' };
const SCFEGAN: Tf1Naming = { prefix: 'L/', gates: 'NAME_g' };

const windowOf = ({ ksize = 3, stride = 1, rate = 1 }: CaseOptions) => ({
  kernelSize: ksize as number,
  stride: stride as number,
  dilation: rate as number,
});

/** The layers that each function of the originals is made of. */
const OPERATIONS: Record<string, (args: CaseOptions) => Case> = {
  gen_conv(args) {
    const { name, cnum, activation = 'elu' } = args;
    const plain = cnum === 3 || activation === null;
    const layer = plain
      ? new ZeroPadConv2D({ name, filters: cnum, ...windowOf(args), padding: 'same' })
      : new GatedConv2D({ name, filters: cnum / 2, ...windowOf(args), activation });
    return { layers: [layer], naming: DEEPFILL };
  },
  gen_deconv({ name, cnum }) {
    const config = { filters: cnum / 2, kernelSize: 3, activation: 'elu', upsample: true } as const;
    return { layers: [new GatedConv2D({ name: `${name}/${name}_conv`, ...config })], naming: DEEPFILL };
  },
  dis_conv({ name, cnum, ksize = 5, stride = 2 }) {
    const layer = new PowerIterationConv2D({
      name,
      filters: cnum,
      kernelSize: ksize,
      stride,
      padding: 'same',
    });
    return { layers: [layer, new LeakyReLU({ slope: 0.2 })], naming: DEEPFILL };
  },
  gate_conv(args) {
    const { name, cnum, use_lrn = true } = args;
    const activation: GatedConv2DConfig['activation'] = args.activation === null ? 'linear' : 'leaky';
    const layer = new GatedConv2D({
      name,
      filters: cnum,
      ...windowOf(args),
      activation,
      responseNorm: use_lrn,
    });
    return { layers: [layer], naming: SCFEGAN, gate: (x) => layer.parts(x).gates };
  },
  gate_deconv({ name, output_shape, ksize = 5 }) {
    const deconv = new TransposedConv2D({ name, filters: output_shape[3], kernelSize: ksize });
    const leaky = new LeakyReLU({ slope: 0.2 });
    const swish = tf.layers.activation({ activation: 'swish' });
    const [n, h, w] = output_shape as number[];
    const like = tf.zeros([n, h, w, 1]) as Tensor4D;
    const gate = (x: Tensor4D) => tf.sigmoid(leaky.call(deconv.call([x, like], {}), {}));
    return { layers: [deconv, leaky, swish], naming: SCFEGAN, like, gate };
  },
};

export function checkTf1Layer(fixture: FixtureCase): Checks {
  const { op, args } = fixture.options;
  const x = fixture.image('in/x');
  if (op === 'resize') return checkResize(fixture, x, args.scale);
  const make = OPERATIONS[op as string];
  if (!make) throw new Error(`${fixture.id}: unknown operation ${op}`);
  const { layers, naming, like, gate } = make(args);
  const given = like ? [x, like] : [x];
  const network = sequence(layers, given);
  loadCase(fixture, network, naming);
  const reset = rememberSingularVectors(network);
  const gy = fixture.image('in/gy');
  const run = (input: Tensor) => network.apply([input, ...given.slice(1)], { training: true }) as Tensor4D;
  const product = (input: Tensor) => tf.sum(tf.mul(run(input), gy)) as TensorFlow.Scalar;
  const { grads } = tf.variableGrads(() => product(x), Object.values(trainableWeights(network)));
  const checks = [
    ...compareTf1Gradients(fixture, network, naming, 'grad/', (variable) => grads[variable.name]),
    ...compareTf1State(fixture, network, naming, 'after/'),
  ];
  reset();
  checks.push(compareGradient(fixture, 'grad/x', NCHW(tf.grad(product)(x) as Tensor4D)));
  reset();
  checks.push(compareForward(fixture, 'out/y', NCHW(run(x))));
  if (gate) checks.push(compareForward(fixture, 'out/g', NCHW(gate(x) as Tensor4D)));
  return checks;
}

function sequence(layers: readonly Layer[], given: readonly Tensor4D[]): LayersModel {
  const inputs = given.map(({ shape }) => tf.input({ shape: shape.slice(1) }));
  const [first, ...others] = layers as [Layer, ...Layer[]];
  const start = first.apply(inputs.length === 1 ? inputs[0] : inputs) as TensorFlow.SymbolicTensor;
  const output = others.reduce((h, layer) => layer.apply(h) as TensorFlow.SymbolicTensor, start);
  return tf.model({ name: 'L', inputs, outputs: output });
}

function checkResize(fixture: FixtureCase, x: Tensor4D, scale: number): Checks {
  const [, h, w] = x.shape;
  const resize = (input: Tensor) =>
    tf.image.resizeNearestNeighbor(input as Tensor4D, [Math.floor(h * scale), Math.floor(w * scale)], true);
  const gradient = tf.grad(resize)(x, fixture.image('in/gy')) as Tensor4D;
  return [
    compareForward(fixture, 'out/y', NCHW(resize(x))),
    compareGradient(fixture, 'grad/x', NCHW(gradient)),
  ];
}
