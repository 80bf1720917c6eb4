/**
 * What the workers of a distributed training compute together, by TensorFlow's collective operations: rings over gRPC on
 * CPUs, NCCL on GPUs. All workers must call these in one order and with tensors of the same shapes. A process by itself
 * computes and records nothing here.
 */
import { currentCluster } from '../runtime/cluster.ts';
import { attribute, runOp } from './raw.ts';
import { type Tensor, tf } from './tf.ts';

export const ALL_REDUCE = 'CollectiveReduceV2';

/** All workers are one group. */
const GROUP = 1;
/** Numbers of a bucket: few messages, of which the first are on their way while later gradients are still computed. */
const BUCKET = 2 ** 22;
/**
 * A worker that is gone is noticed by its missing heartbeats; this is for one that lives and does not come, s. Compiling a
 * step takes some workers longer than others.
 */
const TIMEOUT = 600;

export const workerCount = (): number => currentCluster()?.addresses.length ?? 1;

/**
 * What tells collective operations apart. One after another may have the same key, if they are of one length; TensorFlow
 * remembers every key.
 */
const keys = new Map<number, number>();

function keyOf(length: number): number {
  const key = keys.get(length) ?? keys.size + 1;
  keys.set(length, key);
  return key;
}

/**
 * The mean over all workers of each tensor (float32), the same to the last bit on each of them. It is a constant for any
 * gradient that is being recorded. With one worker these are the tensors themselves.
 */
export function averageOverWorkers<T extends Tensor>(tensors: readonly T[]): T[] {
  if (workerCount() === 1) return [...tensors];
  const results = new Map<T, T>();
  // The last layers' gradients are known first.
  for (const bucket of bucketsOf(tensors.toReversed()))
    for (const [i, mean] of averageBucket(bucket).entries()) results.set(bucket[i], mean);
  return tensors.map((tensor) => results.get(tensor) as T);
}

function bucketsOf<T extends Tensor>(tensors: readonly T[]): T[][] {
  const buckets: T[][] = [];
  let size = BUCKET;
  for (const tensor of tensors) {
    if (size + tensor.size > BUCKET) {
      buckets.push([]);
      size = 0;
    }
    buckets[buckets.length - 1].push(tensor);
    size += tensor.size;
  }
  return buckets;
}

function averageBucket<T extends Tensor>(bucket: readonly T[]): T[] {
  return tf.tidy(() => {
    const flat = bucket.map((tensor) => unrounded(tf.reshape(tensor, [-1])));
    const mean = allReduce(flat.length === 1 ? flat[0] : tf.concat(flat));
    const parts =
      bucket.length === 1
        ? [mean]
        : tf.split(
            mean,
            bucket.map(({ size }) => size),
          );
    return parts.map((part, i) => tf.reshape(part, bucket[i].shape) as T);
  });
}

/** Where steps are computed in bfloat16, this keeps what follows from being so. It costs nothing. */
function unrounded(x: Tensor): Tensor {
  return runOp('Bitcast', [attribute.type('T', 'float32'), attribute.type('type', 'float32')], [x]);
}

function allReduce(vector: Tensor): Tensor {
  const attributes = [
    attribute.type('T', 'float32'),
    attribute.string('merge_op', 'Add'),
    attribute.string('final_op', 'Div'),
    attribute.string('communication_hint', 'auto'),
    attribute.float('timeout_seconds', TIMEOUT),
    attribute.bool('is_stateless', false),
    attribute.int('Nordering_token', 0),
    attribute.int('max_subdivs_per_device', -1),
  ];
  const numbers = [workerCount(), GROUP, keyOf(vector.size)].map((number) => tf.scalar(number, 'int32'));
  return runOp(ALL_REDUCE, attributes, [vector, ...numbers]);
}

/** Which of n rows of all workers are this one's: [from, to). */
export function ownRange(n: number): [from: number, to: number] {
  const each = n / workerCount();
  const rank = currentCluster()?.rank ?? 0;
  return [rank * each, (rank + 1) * each];
}

/** This worker's rows of a tensor that has a row for each sample of all workers. With one worker it is the tensor itself. */
export function ownRows<T extends Tensor>(all: T): T {
  if (workerCount() === 1) return all;
  const [from, to] = ownRange(all.shape[0]);
  return tf.slice(all, [from], [to - from]);
}
