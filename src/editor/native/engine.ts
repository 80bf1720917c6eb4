/** The server's side of the process that computes: `process.ts` does the work. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Remote, wrap } from 'comlink';
import { readManifest } from '../../core/checkpoint.ts';
import { UserError } from '../../runtime/errors.ts';
import { unlessAborted } from '../unless-aborted.ts';
import type { EngineInput, EngineOutput, PhotoFace } from '../wire.ts';
import type { EditedPhoto, PhotoEdit } from './edit-photo.ts';
import { endpointOf } from './endpoint.ts';
import type { Computations, LoadedModel, UnusableEdit } from './process.ts';

/** The process ended, for no fault of the request: it is worth trying again. */
export class EngineStopped extends Error {}

/** A computation that has not answered after so long hangs, ms; sooner than the server gives up the connection. */
const MOST_PATIENCE = 110_000;

/** One process of {@link Computations}, from its start to its end. */
class ComputingProcess {
  readonly #child = fork(fileURLToPath(new URL('./entry.mjs', import.meta.url)), {
    serialization: 'advanced',
    // tfjs-node calls util.isNullOrUndefined, which newer versions of Node warn of.
    execArgv: ['--disable-warning=DEP0051'],
  });
  readonly #computations = wrap<Computations>(endpointOf(this.#child));
  readonly #ended = new AbortController();

  constructor() {
    const end = (how: string) =>
      this.#ended.abort(new EngineStopped(`The process that computes ended (${how}).`));
    this.#child.on('exit', (code, signal) => end(signal ?? `status ${code}`));
    this.#child.on('error', (error) => end(error.message));
  }

  /** Aborted, with an {@link EngineStopped}, when the process has ended, whatever the cause. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * As {@link ask}, of what takes some seconds. A process that hangs is killed, as it would keep everybody waiting.
   *
   * @throws EngineStopped then, too.
   */
  async askSoon<T>(work: (computations: Remote<Computations>) => Promise<T>): Promise<T> {
    const hanging = setTimeout(() => {
      this.#ended.abort(new EngineStopped('The process that computes did not answer.'));
      this.#child.kill('SIGKILL');
    }, MOST_PATIENCE);
    try {
      return await this.ask(work);
    } finally {
      clearTimeout(hanging);
    }
  }

  /**
   * Answers in the order of the calls.
   *
   * @throws UserError what a person can mend; {@link EngineStopped} when the process ends before it has answered.
   */
  ask<T>(work: (computations: Remote<Computations>) => Promise<T>): Promise<T> {
    // The class of an error does not cross between processes, but its name does.
    const fail = (error: Error) => {
      throw error.name === 'UserError' ? new UserError(error.message) : error;
    };
    return unlessAborted(this.ended, () => work(this.#computations).catch(fail));
  }

  end(): void {
    this.#child.kill();
  }
}

/** Predictions, edges and faces, by a process that is started anew when it has ended. */
export class NativeEngine {
  /** What the checkpoint is. */
  readonly model: LoadedModel;
  readonly #checkpoint: string;
  #process: Promise<ComputingProcess> | undefined;
  #closed = false;

  private constructor(checkpoint: string, model: LoadedModel) {
    this.#checkpoint = checkpoint;
    this.model = model;
  }

  /** Starts the process and loads the checkpoint. @throws UserError when that cannot be used. */
  static async open(checkpoint: string): Promise<NativeEngine> {
    const { model, process } = await load(checkpoint);
    const engine = new NativeEngine(checkpoint, model);
    void engine.#use(Promise.resolve(process));
    return engine;
  }

  /** One whose process is started when it is first asked. @param model what {@link describeCheckpoints} says of it. */
  static unused(checkpoint: string, model: LoadedModel): NativeEngine {
    return new NativeEngine(checkpoint, model);
  }

  /** @throws EngineStopped when the process ends meanwhile or hangs; so do the others. */
  async predict(input: EngineInput): Promise<EngineOutput> {
    return (await this.#running()).askSoon((computations) => computations.predict(input));
  }

  /** See {@link Computations}. @throws UserError what is wrong with the files. */
  async edit(edit: PhotoEdit): Promise<EditedPhoto> {
    const process = await this.#running();
    const answer = await process.askSoon<EditedPhoto | UnusableEdit>((computations) =>
      computations.edit(edit),
    );
    if ('unusable' in answer) throw new UserError(answer.unusable.what, answer.unusable.details);
    return answer;
  }

  /** See {@link Computations}. */
  async findEdges(rgb: Uint8Array, size: number): Promise<Uint8Array> {
    return (await this.#running()).askSoon((computations) => computations.findEdges(rgb, size));
  }

  /** See {@link Computations}. */
  async findFaces(rgb: Uint8Array, size: number): Promise<PhotoFace[]> {
    return (await this.#running()).askSoon((computations) => computations.findFaces(rgb, size));
  }

  close(): void {
    this.#closed = true;
    void this.#process?.then(
      (process) => process.end(),
      () => {},
    );
  }

  #running(): Promise<ComputingProcess> {
    if (this.#closed) return Promise.reject(new EngineStopped('The editor has been closed.'));
    return this.#process ?? this.#use(this.#restart());
  }

  async #restart(): Promise<ComputingProcess> {
    requireThere(this.#checkpoint);
    return (await load(this.#checkpoint)).process;
  }

  #use(started: Promise<ComputingProcess>): Promise<ComputingProcess> {
    const forget = () => {
      this.#process = undefined;
    };
    this.#process = started;
    started.then(({ ended }) => ended.addEventListener('abort', forget), forget);
    return started;
  }
}

async function load(checkpoint: string): Promise<{ model: LoadedModel; process: ComputingProcess }> {
  const process = new ComputingProcess();
  try {
    return { model: await process.ask((computations) => computations.load(checkpoint)), process };
  } catch (error) {
    process.end();
    throw error;
  }
}

/** What checkpoints are, by a process that ends then. @throws UserError when one of them cannot be used. */
export async function describeCheckpoints(checkpoints: readonly string[]): Promise<LoadedModel[]> {
  const process = new ComputingProcess();
  try {
    return await Promise.all(
      checkpoints.map((checkpoint) => process.ask((computations) => computations.describe(checkpoint))),
    );
  } finally {
    process.end();
  }
}

/** Whether a checkpoint is trained far enough, by a process that ends then. @throws UserError when it cannot be used. */
export async function canPredict(checkpoint: string): Promise<boolean> {
  const process = new ComputingProcess();
  try {
    return await process.ask((computations) => computations.canPredict(checkpoint));
  } finally {
    process.end();
  }
}

/** Training keeps its newest checkpoints only, and may have removed the one that the editor was started with. */
function requireThere(checkpoint: string): void {
  if (existsSync(checkpoint)) return;
  throw new UserError('The checkpoint that the editor was started with has been removed since.', {
    where: checkpoint,
    fix: 'end the editor and start it again, which takes the newest: npm run edit',
  });
}

interface ModelFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * The checkpoint as an ONNX model for inference in the page: exported when it is first asked for, and kept. A process of
 * its own exports it, so that predictions go on meanwhile.
 */
export class ExportedModel {
  readonly #checkpoint: string;
  readonly #cache: string;
  #file: Promise<ModelFile> | undefined;
  #process: ComputingProcess | undefined;

  /** @param cache the folder for what can be made again. */
  constructor(checkpoint: string, cache: string) {
    this.#checkpoint = checkpoint;
    this.#cache = cache;
  }

  /** @throws UserError when the checkpoint cannot be exported; the next call tries again. */
  file(): Promise<ModelFile> {
    this.#file ??= this.#make().catch((error) => {
      this.#file = undefined;
      throw error;
    });
    return this.#file;
  }

  close(): void {
    this.#process?.end();
  }

  async #make(): Promise<ModelFile> {
    requireThere(this.#checkpoint);
    const { sha256 } = await readManifest(this.#checkpoint);
    const folder = join(this.#cache, `editor-model-${sha256.slice(0, 16)}`);
    // An export appears under its name only when it is whole.
    const path = join(folder, 'onnx', 'pipeline.onnx');
    if (!existsSync(path)) {
      // Left over where someone tidied the cache up by hand.
      await rm(folder, { recursive: true, force: true });
      await this.#export(folder);
    }
    return { path, bytes: (await stat(path)).size };
  }

  async #export(folder: string): Promise<void> {
    const process = new ComputingProcess();
    this.#process = process;
    try {
      await process.ask((computations) => computations.exportModel(this.#checkpoint, folder));
    } catch (error) {
      throw error instanceof UserError ? error : new UserError((error as Error).message);
    } finally {
      process.end();
      this.#process = undefined;
    }
  }
}
