/**
 * The process that runs TensorFlow for the server. It is a process of its own because a prediction blocks its thread, and
 * because an error in native code ends the process.
 */
import { expose } from 'comlink';
import { detectEdges } from '../../data/detect-edges.ts';
import { edgeMapToSketch, resizeMap } from '../../data/edges.ts';
import { loadFaceFinder } from '../../data/face-crop.ts';
import { exportModel } from '../../export/run.ts';
import type { RunningPredictor } from '../../infer/run-onnx.ts';
import { openPredictor } from '../../infer/run-predictor.ts';
import {
  canPredict,
  type LoadedMethod,
  loadMethod,
  nameOfModel,
  trainedPredictor,
} from '../../models/load.ts';
import { loadHed } from '../../nn/hed.ts';
import { namedWeights } from '../../nn/network-weights.ts';
import type { LayersModel } from '../../ops/tf.ts';
import { UserError, type UserErrorDetails } from '../../runtime/errors.ts';
import { silent } from '../../runtime/progress.ts';
import { outliveTerminal } from '../../runtime/terminal.mjs';
import type { EditorDescription, EngineInput, EngineOutput, PhotoFace } from '../wire.ts';
import { aboutModel } from './about-model.ts';
import { type EditedPhoto, editPhoto, type PhotoEdit } from './edit-photo.ts';
import { endpointOf } from './endpoint.ts';

/** What a checkpoint is: for the page, and for the server. */
export interface LoadedModel extends Pick<EditorDescription, 'model' | 'edges'> {
  /** Pixels by which the photo is continued on each side for the edge detector. */
  readonly edgePadding: number;
  /** The folder for what can be made again. */
  readonly cache: string;
}

/** What a UserError says. Its details would be lost if it was thrown between processes. */
export interface UnusableEdit {
  readonly unusable: { readonly what: string; readonly details: UserErrorDetails };
}

/** What the process computes for the server: one after the other, in the order in which it is asked. */
export class Computations {
  #loaded:
    | {
        readonly method: LoadedMethod;
        readonly running: Promise<RunningPredictor>;
        readonly model: EditorDescription['model'];
      }
    | undefined;
  readonly #hed = lazily(loadHed);
  readonly #faceFinder = lazily(loadFaceFinder);
  /** Settled when what was asked last is done. */
  #last: Promise<unknown> = Promise.resolve();

  /** Comes first, and once. @throws UserError when the checkpoint cannot be used. */
  load(path: string): Promise<LoadedModel> {
    return this.#inTurn(async () => {
      const method = await loadMethod(path);
      const described = await describeModel(method);
      // The page can open meanwhile; only what is asked next waits for it.
      const running = this.#inTurn(() => prepare(method));
      // Predictions tell of what went wrong.
      running.catch(() => {});
      this.#loaded = { method, running, model: described.model };
      return described;
    });
  }

  /** What a checkpoint is. It needs no `load`. @throws UserError when it cannot be used. */
  describe(path: string): Promise<LoadedModel> {
    return this.#inTurn(async () => {
      const loaded = await loadMethod(path);
      try {
        return await describeModel(loaded);
      } finally {
        loaded.method.dispose();
      }
    });
  }

  /** Whether a checkpoint is trained far enough. It needs no `load`. */
  canPredict(path: string): Promise<boolean> {
    return this.#inTurn(() => canPredict(path));
  }

  predict(input: EngineInput): Promise<EngineOutput> {
    return this.#inTurn(async () => (await this.#model.running).run(input, input.l));
  }

  /** See {@link editPhoto}. */
  edit(edit: PhotoEdit): Promise<EditedPhoto | UnusableEdit> {
    return this.#inTurn(async () => {
      const { running, model } = this.#model;
      try {
        const findFaces = edit.region === 'face' ? await this.#faceFinder() : undefined;
        return await editPhoto(edit, await running, model, findFaces);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { unusable: { what: error.message.split('\n', 1)[0], details: error.details } };
      }
    });
  }

  /** RGB bytes [n, n, 3], n = the settings' size, to a sketch of bytes [size, size], 0 = line. */
  findEdges(rgb: Uint8Array, size: number): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const { edges } = this.#model.method.config.data;
      const [map] = await detectEdges(await this.#hed(), [rgb], edges.size, edges.padding);
      const resized = size === edges.size ? map : resizeMap(map, edges.size, edges.size, size, size);
      return edgeMapToSketch(resized, size, size, edges);
    });
  }

  /** RGB bytes [size, size, 3] to its faces from left to right, px. */
  findFaces(rgb: Uint8Array, size: number): Promise<PhotoFace[]> {
    return this.#inTurn(async () => {
      const find = await this.#faceFinder();
      const found = await find({ data: Buffer.from(rgb), width: size, height: size });
      return found.map(({ square: { left, top, side }, landmarks }) => ({
        region: { x: left, y: top, size: side },
        landmarks,
      }));
    });
  }

  /** Writes the whole path of a checkpoint as ONNX into a new folder. It needs no `load`. */
  exportModel(checkpoint: string, out: string): Promise<void> {
    return this.#inTurn(async () => {
      await exportModel({ checkpoint, out, formats: ['onnx'] });
    });
  }

  get #model() {
    if (!this.#loaded) throw new Error('No checkpoint has been loaded.');
    return this.#loaded;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** @throws UserError when a method cannot edit. */
async function describeModel(loaded: LoadedMethod): Promise<LoadedModel> {
  const { config, path, method } = loaded;
  if (config.task !== 'edit') {
    throw new UserError(
      'The editor changes parts of photos; this checkpoint is of a network that does not.',
      {
        where: path,
        expected: 'a checkpoint trained with task: edit',
        got: `task: ${config.task}`,
      },
    );
  }
  const predictor = trainedPredictor(loaded);
  const { size, padding, threshold, minimumSize } = config.data.edges;
  return {
    model: {
      name: nameOfModel(loaded),
      method: config.method,
      resolution: config.resolution,
      controls: predictor.controls,
      refinedSketch: predictor.intermediates.includes('refinedSketch'),
      about: await aboutModel(loaded),
      webgpuProblem: webgpuProblem(predictor.networks.map((name) => method.networks[name])),
    },
    edges: { size, threshold, minimumSize },
    edgePadding: padding,
    cache: config.data.cache,
  };
}

/** Computes for the parent process until that ends. */
export function compute(): void {
  expose(new Computations(), endpointOf(process));
  process.on('disconnect', () => process.exit());
  // Ctrl-C and the end of a terminal reach the whole group; it is the server that ends this process.
  for (const name of ['SIGINT', 'SIGHUP']) process.on(name, () => {});
  outliveTerminal();
}

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

/** The prediction for any number of pictures, warmed up by a first one, so that the user's first is as fast as others. */
async function prepare(method: LoadedMethod): Promise<RunningPredictor> {
  // What this process prints appears among the server's own lines.
  const reporter = { ...silent, warn: (text: string) => console.warn(text) };
  const running = await openPredictor(method, Number.POSITIVE_INFINITY, reporter);
  const r = method.config.resolution;
  const plane = (channels: number) => new Float32Array(r * r * channels);
  await running.run({ image: plane(3), hole: plane(1).fill(1), sketch: plane(1).fill(1) }, 0.5);
  return running;
}

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
