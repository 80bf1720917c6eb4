/** The most floating-point operations a second that this machine does: what a training's are compared with. */
import { cpus, hostname } from 'node:os';
import { join } from 'node:path';
import { nativeBackend } from '../ops/raw.ts';
import { type Tensor2D, tf } from '../ops/tf.ts';
import { readText, writeFileAtomically } from '../runtime/files.ts';

/** How long products are computed, ms. */
const DURATION = 400;

/**
 * FLOP/s of the fastest of many products of two square matrices in single precision. It is measured once for each
 * machine and kept in `peak-flops.json` of the folder of caches, for a machine that is busy at other times gives less.
 */
export async function peakFlops(cache: string): Promise<number> {
  const path = join(cache, 'peak-flops.json');
  const known = await readText(path)
    .then((text) => JSON.parse(text) as Record<string, number>)
    .catch((): Record<string, number> => ({}));
  const device = deviceName();
  if (known[device] > 0) return known[device];
  const measured = measurePeakFlops();
  const text = `${JSON.stringify({ ...known, [device]: measured }, null, 1)}\n`;
  // Where it cannot be kept it is measured again next time.
  await writeFileAtomically(path, text).catch(() => {});
  return measured;
}

function deviceName(): string {
  const processors = cpus();
  const cpu = `${processors.length} x ${processors[0]?.model}`;
  return nativeBackend().isUsingGpuDevice
    ? `GPU ${process.env.CUDA_VISIBLE_DEVICES ?? 0} of ${hostname()}, ${cpu}`
    : cpu;
}

function measurePeakFlops(): number {
  // A GPU takes several large products at a time, so that the time until the host hears of the last one is a small part.
  const [side, count] = nativeBackend().isUsingGpuDevice ? [4096, 8] : [1024, 1];
  const matrix: Tensor2D = tf.ones([side, side]);
  const products = () =>
    tf.tidy(() => {
      let product = tf.matMul(matrix, matrix);
      for (let i = 1; i < count; i++) product = tf.matMul(matrix, matrix);
      tf.slice(product, [0, 0], [1, 1]).dataSync();
    });
  // The first ones load libraries and get memory.
  for (let i = 0; i < 3; i++) products();
  let fastest = Number.POSITIVE_INFINITY;
  for (const begin = performance.now(); performance.now() - begin < DURATION; ) {
    const start = performance.now();
    products();
    fastest = Math.min(fastest, performance.now() - start);
  }
  matrix.dispose();
  return (2 * side ** 3 * count * 1000) / fastest;
}
