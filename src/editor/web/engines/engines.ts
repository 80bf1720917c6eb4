/** Chooses the engine that computes, by measured time, and falls back to another when one fails. */
import type { EditorDescription, EngineInput, EngineOutput, ModelAddress } from '../../wire.ts';
import { say } from '../texts/say.ts';
import {
  type Engine,
  type EngineChoice,
  EngineFailure,
  type EngineId,
  type EngineState,
  engineIds,
} from './engine.ts';
import { OnnxEngine } from './onnx.ts';
import { postToServer, queryOf, ServerEngine } from './server.ts';

/** While the engine in use needs no more than this, ms, others are not tried: nobody would notice. */
const fastEnough = 400;
/** Other engines are tried when no result has been asked for so long, ms. */
const idle = 3000;

export interface Prediction {
  readonly output: EngineOutput;
  readonly engine: EngineId;
}

interface Candidate {
  engine?: Promise<Engine>;
  milliseconds?: number;
  problem?: string;
}

export class Engines {
  readonly #description: EditorDescription;
  readonly #onChange: (states: EngineState[], used: EngineId | undefined) => void;
  readonly #candidates = new Map<EngineId, Candidate>();
  #choice: EngineChoice = 'auto';
  #used: EngineId | undefined;
  #model: Promise<ModelAddress> | undefined;
  #compared = false;
  #failure: EngineFailure | undefined;
  /** When a result was asked for last. */
  #asked = 0;
  /** Settled when it is known whether there is WebGPU. */
  readonly #probed: Promise<void>;

  /** @param description of the model that computes, and of what else the page was told. */
  constructor(
    description: EditorDescription,
    onChange: (states: EngineState[], used: EngineId | undefined) => void,
  ) {
    this.#description = description;
    this.#onChange = onChange;
    for (const id of engineIds) if (id !== 'server' || description.server) this.#candidates.set(id, {});
    this.#probed = this.#probe();
    this.#tell();
  }

  choose(choice: EngineChoice): void {
    this.#choice = choice;
    // Who chooses an engine that failed wants it to be tried again.
    if (choice !== 'auto' && this.#candidates.get(choice)?.engine === undefined) {
      this.#candidates.set(choice, {});
    }
    this.#tell();
  }

  /**
   * Computes with the engine of choice; where that fails, with the next.
   *
   * @throws EngineFailure of the first when none is left. All are tried again then at the next call.
   */
  async predict(input: EngineInput, signal: AbortSignal): Promise<Prediction> {
    this.#asked = performance.now();
    await this.#probed;
    const failed: [EngineId, EngineFailure][] = [];
    for (let id = this.#best(); id; id = this.#best()) {
      try {
        const output = await this.#run(id, input, signal);
        void this.#compare(id, input);
        return { output, engine: id };
      } catch (error) {
        if (signal.aborted || !(error instanceof EngineFailure)) throw error;
        failed.push([id, error]);
        this.#failure ??= error;
        this.#fail(id, error.message);
      }
    }
    for (const [id] of failed) this.#candidates.set(id, {});
    this.#failure = undefined;
    this.#tell();
    throw failed[0]?.[1] ?? new EngineFailure('wasm', say`Nothing in this browser can compute the result.`);
  }

  /** Why the engine was changed since this was asked last, to be shown with the next result. */
  takeFailure(): EngineFailure | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** The chosen one, else the one that has been the fastest, else the one that is likely to be. */
  #best(): EngineId | undefined {
    const usable = [...this.#candidates].filter(([, { problem }]) => !problem);
    if (usable.some(([id]) => id === this.#choice)) return this.#choice as EngineId;
    const time = ({ milliseconds = Number.MAX_VALUE }: Candidate) => milliseconds;
    return usable.sort(([, a], [, b]) => time(a) - time(b))[0]?.[0];
  }

  #candidate(id: EngineId): Candidate {
    const found = this.#candidates.get(id);
    if (!found) throw new Error(`This page has no engine ${id}.`);
    return found;
  }

  async #run(id: EngineId, input: EngineInput, signal: AbortSignal): Promise<EngineOutput> {
    const candidate = this.#candidate(id);
    const isLoaded = candidate.engine !== undefined;
    candidate.engine ??= this.#load(id);
    const engine = await candidate.engine;
    signal.throwIfAborted();
    const begin = performance.now();
    const output = await engine.predict(input, signal);
    // The first run in the page is not counted: it compiles what later runs use.
    if (isLoaded || id === 'server') {
      const passed = performance.now() - begin;
      candidate.milliseconds = Math.min(passed, candidate.milliseconds ?? passed);
    }
    this.#used = id;
    this.#tell();
    return output;
  }

  async #load(id: EngineId): Promise<Engine> {
    if (id === 'server') return new ServerEngine(queryOf(this.#description));
    const { onnx } = this.#description;
    this.#model ??= onnx ? Promise.resolve(onnx) : askForModel(queryOf(this.#description));
    const { url } = await this.#model.catch((error) => {
      this.#model = undefined;
      throw error;
    });
    return OnnxEngine.load(id, url);
  }

  /** Looks for a GPU first: that is quick, while loading the model for a GPU that is missing costs seconds. */
  async #probe(): Promise<void> {
    const { webgpuProblem } = this.#description.model;
    if (webgpuProblem) {
      this.#fail('webgpu', webgpuProblem);
      return;
    }
    const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
    const adapter = await gpu?.requestAdapter().catch(() => null);
    const none = isSecureContext
      ? say`This browser has none.`
      : say`Browsers offer it to https and localhost only.`;
    if (!adapter) this.#fail('webgpu', gpu ? say`This machine has no GPU for it.` : none);
  }

  /** Times the other engines once, if the one in use is slow, as soon as nobody draws. */
  async #compare(used: EngineId, input: EngineInput): Promise<void> {
    const { milliseconds = 0 } = this.#candidate(used);
    if (this.#compared || this.#choice !== 'auto' || milliseconds <= fastEnough) return;
    this.#compared = true;
    while (performance.now() - this.#asked < idle) {
      await new Promise((resolve) => setTimeout(resolve, idle));
    }
    const { signal } = new AbortController();
    for (const [id, candidate] of [...this.#candidates]) {
      // The server is on the same machine, where its native code is faster than WebAssembly.
      const isSlower = id === 'wasm' && used === 'server';
      if (candidate.milliseconds !== undefined || candidate.problem || isSlower) continue;
      try {
        await this.#run(id, input, signal);
        await this.#run(id, input, signal);
      } catch (error) {
        this.#fail(id, (error as Error).message);
      }
    }
    this.#used = used;
    this.#tell();
  }

  #fail(id: EngineId, problem: string): void {
    const candidate = this.#candidate(id);
    void candidate.engine?.then(
      (engine) => engine.close?.(),
      () => {},
    );
    this.#candidates.set(id, { problem });
    this.#tell();
  }

  #tell(): void {
    const states = [...this.#candidates].map(([id, { milliseconds, problem }]) => ({
      id,
      milliseconds,
      problem,
    }));
    this.#onChange(states, this.#used);
  }
}

async function askForModel(query: string): Promise<ModelAddress> {
  return JSON.parse(new TextDecoder().decode(await postToServer(`api/model${query}`, new Uint8Array())));
}
