import { workerCount } from '../ops/collectives.ts';
import { type Moments, normalize } from '../ops/normalize.ts';
import { type Tensor, type Tensor4D, type TensorFlow, tf } from '../ops/tf.ts';
import { asOurs, knownSize, type TorchWeight, type WeightDraws, WeightedLayer } from './weighted-layer.ts';

type Shape = TensorFlow.Shape;
const EPSILON = 1e-5;
const MOMENTUM = 0.1;

/** What instance and batch normalisation share: x [n,h,w,c] in and out, weights `gamma` and `beta` [c]. */
abstract class FeatureNorm extends WeightedLayer {
  gamma!: TensorFlow.LayerVariable;
  beta!: TensorFlow.LayerVariable;

  override build(inputShape: Shape | Shape[]): void {
    const channels = knownSize(inputShape as Shape);
    this.gamma = this.addWeight('gamma', [channels], 'float32', tf.initializers.ones());
    this.beta = this.addWeight('beta', [channels], 'float32', tf.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override drawWeights(draws: WeightDraws): void {
    draws.scale(this.gamma);
    draws.asBuilt(this.beta);
  }

  override torchWeights(): TorchWeight[] {
    return [
      { name: 'weight', weight: this.gamma, layout: asOurs },
      { name: 'bias', weight: this.beta, layout: asOurs },
    ];
  }

  protected affine(): [Tensor4D, Tensor4D] {
    return [broadcast(this.gamma.read()), broadcast(this.beta.read())];
  }
}

const broadcast = (perChannel: Tensor): Tensor4D => tf.reshape(perChannel, [1, 1, 1, -1]);

/** Instance normalisation with learnt scale and offset (torch InstanceNorm2d, affine). */
export class InstanceNorm extends FeatureNorm {
  static className = 'InstanceNorm';

  override call(inputs: Tensor | Tensor[], _kwargs: object): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => normalize(x, [1, 2], ...this.affine(), EPSILON));
  }
}
tf.serialization.registerClass(InstanceNorm);

/**
 * Batch normalisation as torch's BatchNorm2d: in training the batch's biased variance normalises and the running
 * statistics take a tenth of the batch's mean and *unbiased* variance; otherwise the running statistics normalise.
 * State `runningMean` and `runningVariance` [c]. `statisticsUpdates` (1 by default) is how often the running statistics
 * take the batch's: as often as another implementation would have run the network on it. With `ownStatistics` each
 * image is normalised by its own moments, which is what a batch of one would give. A layer that is not `trainable`
 * always uses the running statistics.
 */
export class BatchNorm extends FeatureNorm {
  static className = 'BatchNorm';
  runningMean!: TensorFlow.LayerVariable;
  runningVariance!: TensorFlow.LayerVariable;

  override build(inputShape: Shape | Shape[]): void {
    super.build(inputShape);
    const channels = knownSize(inputShape as Shape);
    const state = (name: string, initializer: ReturnType<typeof tf.initializers.zeros>) =>
      this.addWeight(name, [channels], 'float32', initializer, undefined, false);
    this.runningMean = state('runningMean', tf.initializers.zeros());
    this.runningVariance = state('runningVariance', tf.initializers.ones());
  }

  override drawWeights(draws: WeightDraws): void {
    super.drawWeights(draws);
    draws.asBuilt(this.runningMean);
    draws.asBuilt(this.runningVariance);
  }

  override torchWeights(): TorchWeight[] {
    return [
      ...super.torchWeights(),
      { name: 'running_mean', weight: this.runningMean, layout: asOurs },
      { name: 'running_var', weight: this.runningVariance, layout: asOurs },
    ];
  }

  override call(
    inputs: Tensor | Tensor[],
    kwargs: { training?: boolean; statisticsUpdates?: number; ownStatistics?: boolean },
  ): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    return tf.tidy(() => {
      const [gamma, beta] = this.affine();
      if (kwargs.ownStatistics) return normalize(x, [1, 2], gamma, beta, EPSILON);
      if (!kwargs.training || !this.trainable) {
        const deviation = tf.sqrt(tf.add(broadcast(this.runningVariance.read()), EPSILON));
        const scale = tf.div(gamma, deviation);
        return tf.add(tf.mul(tf.sub(x, broadcast(this.runningMean.read())), scale), beta);
      }
      const follow = (moments: Moments) =>
        this.follow(moments, (workerCount() * x.size) / x.shape[3], kwargs.statisticsUpdates ?? 1);
      return normalize(x, [0, 1, 2], gamma, beta, EPSILON, follow);
    });
  }

  private follow(moments: Moments, count: number, times: number): void {
    // Even with no share in them a moment that is not a number would spoil the statistics.
    if (times === 0) return;
    const kept = (1 - MOMENTUM) ** times;
    const move = (variable: TensorFlow.LayerVariable, value: Tensor) =>
      variable.write(tf.add(tf.mul(variable.read(), kept), tf.mul(tf.reshape(value, [-1]), 1 - kept)));
    move(this.runningMean, moments.mean);
    move(this.runningVariance, tf.mul(moments.variance, count / Math.max(1, count - 1)));
  }
}
tf.serialization.registerClass(BatchNorm);
