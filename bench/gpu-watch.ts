/** How busy NVIDIA's GPU is, as `nvidia-smi` sees it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface GpuUse {
  /** The share of the time in which a kernel ran, 0-1: the mean of all readings. */
  readonly utilisation: number;
  /** The most memory that was in use on the device, of other programs too. */
  readonly peakBytes: number;
}

const PERIOD_MS = 200;

/** Reads the first visible GPU again and again until it is stopped. */
export class GpuWatch {
  readonly #process: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #readings: (readonly [percent: number, megabytes: number])[] = [];

  private constructor(device: string) {
    const query = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits'];
    this.#process = spawn('nvidia-smi', [...query, `--id=${device}`, `--loop-ms=${PERIOD_MS}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#closed = once(this.#process, 'close').catch(() => {});
    createInterface(this.#process.stdout!).on('line', (line) => {
      const [percent, megabytes] = line.split(',').map(Number);
      if (Number.isFinite(percent) && Number.isFinite(megabytes)) this.#readings.push([percent, megabytes]);
    });
  }

  /** @returns undefined where the engine is told to stay on the CPU. */
  static start(env: NodeJS.ProcessEnv = process.env): GpuWatch | undefined {
    if (env.DPS_ENGINE === 'cpu') return undefined;
    return new GpuWatch(env.CUDA_VISIBLE_DEVICES?.split(',')[0] || '0');
  }

  /** @returns undefined where there is no `nvidia-smi` or it knows no such device. */
  async stop(): Promise<GpuUse | undefined> {
    this.#process.kill();
    await this.#closed;
    const readings = this.#readings;
    if (readings.length === 0) return undefined;
    const sum = readings.reduce((total, [percent]) => total + percent, 0);
    return {
      utilisation: sum / readings.length / 100,
      peakBytes: Math.max(...readings.map(([, megabytes]) => megabytes)) * 2 ** 20,
    };
  }
}
