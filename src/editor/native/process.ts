/**
 * The process that runs TensorFlow for the server: `entry.mjs CHECKPOINT`. A process of its own, as a prediction holds
 * its thread for as long as it takes, and what fails in native code ends the process.
 */
import { detectEdges } from '../../data/edges/detect.ts';
import { resizeMap } from '../../data/edges/resize.ts';
import { edgeMapToSketch } from '../../data/edges/sketch-of-edges.ts';
import { type LoadedMethod, loadMethod, trainedPredictor } from '../../models/load.ts';
import type { Predictor } from '../../models/method.ts';
import { type Hed, loadHed } from '../../nn/hed.ts';
import { UserError } from '../../runtime/errors.ts';
import { tf } from '../../runtime/tf.ts';
import type { EngineInput, EngineOutput } from '../wire.ts';
import type { FromProcess, ToProcess, Work } from './messages.ts';

const send = (message: FromProcess) => process.send?.(message);

async function predict(predictor: Predictor, input: EngineInput): Promise<EngineOutput> {
  const { resolution: r, level } = input;
  const prediction = tf.tidy(() => {
    const image = tf.tensor4d(input.image, [1, r, r, 3]);
    const hole = tf.tensor4d(input.hole, [1, r, r, 1]);
    const sketch = tf.tensor4d(input.sketch, [1, r, r, 1]);
    const { result, refinedSketch, firstImage } = predictor.predict({ image, hole, sketch, level });
    return { result, refinedSketch, firstImage };
  });
  const floats = async (tensor: typeof prediction.refinedSketch) =>
    tensor && ((await tensor.data()) as Float32Array);
  try {
    return {
      resolution: prediction.result.shape[1],
      result: (await floats(prediction.result))!,
      refinedSketch: await floats(prediction.refinedSketch),
      firstImage: await floats(prediction.firstImage),
    };
  } finally {
    tf.dispose(prediction);
  }
}

class Edges {
  readonly #settings: LoadedMethod['config']['data']['edges'];
  #hed: Promise<Hed> | undefined;

  constructor(settings: LoadedMethod['config']['data']['edges']) {
    this.#settings = settings;
  }

  async sketch({ rgb, size }: Work['edges']['ask']): Promise<Uint8Array> {
    const { size: seen, padding } = this.#settings;
    this.#hed ??= loadHed();
    const hed = await this.#hed.catch((error) => {
      this.#hed = undefined;
      throw error;
    });
    const [map] = await detectEdges(hed, [rgb], seen, padding);
    const resized = size === seen ? map! : resizeMap(map!, seen, seen, size, size);
    return edgeMapToSketch(resized, size, size, this.#settings);
  }
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
  const edges = new Edges(config.data.edges);
  const answer = async (message: ToProcess) => {
    const { id, kind } = message;
    try {
      const result = await (kind === 'predict' ? predict(predictor, message.ask) : edges.sketch(message.ask));
      send({ kind: 'answer', id, answer: result });
    } catch (error) {
      send({ kind: 'error', id, ...told(error) });
    }
  };
  // One after the other, in the order in which they were asked.
  let last = warmUp(predictor, config.resolution);
  process.on('message', (message: ToProcess) => {
    last = last.then(() => answer(message));
  });
  send({
    kind: 'ready',
    model: {
      path: loaded.path,
      run: config.name,
      step: checkpoint.step,
      method: config.method,
      resolution: config.resolution,
      edgeSize: config.data.edges.size,
      cache: config.data.cache,
    },
  });
}

/** The first prediction prepares kernels and memory; a user need not wait for that. */
async function warmUp(predictor: Predictor, r: number): Promise<void> {
  const plane = (channels: number) => new Float32Array(r * r * channels);
  const input = {
    resolution: r,
    level: 0.5,
    image: plane(3),
    hole: plane(1).fill(1),
    sketch: plane(1).fill(1),
  };
  await predict(predictor, input);
}

const told = (error: unknown) => ({
  message: error instanceof Error ? error.message : String(error),
  forUser: error instanceof UserError,
});

process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the server ends this process by disconnecting.
process.on('SIGINT', () => {});
await start(process.argv[2]!).catch((error) => {
  send({ kind: 'failed', ...told(error) });
  process.disconnect?.();
});
