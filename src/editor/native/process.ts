/**
 * The process that runs TensorFlow for the server: `entry.mjs CHECKPOINT`. A process of its own, as a prediction holds
 * its thread for as long as it takes, and what fails in native code ends the process.
 */

import type { Predictor } from '../../core/method.ts';
import { UnusableImage } from '../../data/decode.ts';
import { detectEdges } from '../../data/edges/detect.ts';
import { resizeMap } from '../../data/edges/resize.ts';
import { edgeMapToSketch } from '../../data/edges/sketch-of-edges.ts';
import { loadFaceCrop } from '../../data/face-crop.ts';
import { runPredictor } from '../../infer/run-predictor.ts';
import { type LoadedMethod, loadMethod, trainedPredictor } from '../../models/load.ts';
import { loadHed } from '../../nn/hed.ts';
import { UserError } from '../../runtime/errors.ts';
import type { FromProcess, ToProcess, Work, WorkKind } from './messages.ts';
import { webgpuProblem } from './webgpu-problem.ts';

/** When the server has gone nobody waits for an answer. */
const send = (message: FromProcess) => process.send?.(message, undefined, undefined, () => {});

/** Loads what it gives on the first call; a failure is tried again at the next. */
function lazily<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
}

type Workers = { [K in WorkKind]: (ask: Work[K]['ask']) => Promise<Work[K]['answer']> };

function workers({ config }: LoadedMethod, predictor: Predictor): Workers {
  const edges = config.data.edges;
  const hed = lazily(loadHed);
  const face = lazily(loadFaceCrop);
  return {
    predict: (input) => runPredictor(predictor, input, input.resolution, input.l),

    async edges({ rgb, size }) {
      const [map] = await detectEdges(await hed(), [rgb], edges.size, edges.padding);
      const resized = size === edges.size ? map : resizeMap(map, edges.size, edges.size, size, size);
      return edgeMapToSketch(resized, size, size, edges);
    },

    async face({ rgb, size }) {
      try {
        const find = await face();
        const { left, top, side } = await find({ data: Buffer.from(rgb), width: size, height: size });
        return { x: left, y: top, size: side };
      } catch (error) {
        if (error instanceof UnusableImage) return undefined;
        throw error;
      }
    },
  };
}

async function start(path: string): Promise<void> {
  const loaded = await loadMethod(path);
  const { config, checkpoint } = loaded;
  if (config.task !== 'edit') {
    throw new UserError(
      'The editor changes parts of photos; this checkpoint is of a network that does not.',
      {
        where: loaded.path,
        expected: 'a checkpoint trained with task: edit',
        got: `task: ${config.task}`,
      },
    );
  }
  const predictor = trainedPredictor(loaded);
  const work = workers(loaded, predictor);
  const answer = async (message: ToProcess) => {
    const { id, kind } = message;
    try {
      send({ kind: 'answer', id, answer: await work[kind](message.ask as never) });
    } catch (error) {
      send({ kind: 'error', id, ...told(error) });
    }
  };
  // One after the other, in the order in which they were asked.
  let last = warmUp(predictor, config.resolution);
  process.on('message', (message: ToProcess) => {
    last = last.then(() => answer(message));
  });
  const { size, padding, threshold, minimumSize } = config.data.edges;
  send({
    kind: 'ready',
    model: {
      path: loaded.path,
      run: config.name,
      step: checkpoint.step,
      method: config.method,
      resolution: config.resolution,
      controls: predictor.controls,
      edges: { size, padding, threshold, minimumSize },
      webgpuProblem: webgpuProblem(predictor.networks.map((name) => loaded.method.networks[name])),
      cache: config.data.cache,
    },
  });
}

/** The first prediction prepares kernels and memory; a user need not wait for that. */
async function warmUp(predictor: Predictor, r: number): Promise<void> {
  const plane = (channels: number) => new Float32Array(r * r * channels);
  const input = { image: plane(3), hole: plane(1).fill(1), sketch: plane(1).fill(1) };
  await runPredictor(predictor, input, r, 0.5);
}

const told = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  forUser: error instanceof UserError,
});

process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the server ends this process by disconnecting.
process.on('SIGINT', () => {});
await start(process.argv[2]).catch((error) => {
  send({ kind: 'failed', ...told(error) });
  process.disconnect?.();
});
