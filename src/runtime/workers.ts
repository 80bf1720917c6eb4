/** Work on threads of Node, so that it takes no time from the one that computes. */
import Tinypool from 'tinypool';

// biome-ignore lint/suspicious/noExplicitAny: any function at all.
type AnyFunction = (...args: any[]) => unknown;
type FunctionOf<Module, Name extends keyof Module> = Extract<Module[Name], AnyFunction>;

/**
 * Threads that call functions of one module, TypeScript (`.ts`) or JavaScript (`.mjs`). They start with the first call,
 * take calls in their order, one at a time each, and while they are idle they do not keep the process alive.
 *
 * ```ts
 * const threads = new Threads<typeof import('./render.ts')>(new URL('./render.ts', import.meta.url), { count: 2 });
 * const png = await threads.run('render', [face, size]);
 * await threads.close();
 * ```
 *
 * Arguments and results are copied; big arrays are better given away, see `give` of {@link Threads.run}. A module keeps what it needs for the next call in variables of its own.
 */
export class Threads<Module> {
  readonly #module: string;
  readonly #count: number;
  #closed = false;
  #pool: { readonly threads: Tinypool; readonly died: Promise<never> } | undefined;

  /** @param module its URL. @param options `count`: how many threads; 1 by default. */
  constructor(module: URL, { count = 1 }: { readonly count?: number } = {}) {
    this.#module = module.href;
    this.#count = count;
  }

  /**
   * Calls the function of that name on a thread that is free, or on the first that will be.
   *
   * @param give memory that the thread gets without a copy: arrays of it are empty afterwards.
   * @throws Error with the message of what the function threw (of a class it is not any more), or that says that a thread
   * died; then all calls in progress end so, and the next one starts new threads.
   */
  async run<Name extends keyof Module & string>(
    name: Name,
    args: Parameters<FunctionOf<Module, Name>>,
    give: readonly ArrayBufferLike[] = [],
  ): Promise<Awaited<ReturnType<FunctionOf<Module, Name>>>> {
    if (this.#closed) throw new Error('The threads are closed.');
    this.#pool ??= this.#start();
    const { threads, died } = this.#pool;
    const call = { module: this.#module, name, args };
    return Promise.race([died, threads.run(call, { transferList: [...give] as ArrayBuffer[] })]);
  }

  /** Ends the threads at once, for good; calls in progress and later ones end with an error. */
  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.threads.destroy();
  }

  #start() {
    const threads = new Tinypool({
      filename: new URL('./workers-entry.mjs', import.meta.url).href,
      // All of them from the beginning, so that what keeps one from starting is the error of a call.
      minThreads: this.#count,
      maxThreads: this.#count,
      // The threads load tsx themselves where they need it, and inherit nothing else of the command line.
      execArgv: [],
    });
    const died = new Promise<never>((_, reject) => {
      const onDeath = (error: Error) => {
        // Else it was closed.
        if (this.#pool?.threads === threads) this.#pool = undefined;
        reject(error);
        // Not waited for: of a thread that has died it never ends.
        void threads.destroy();
      };
      // tinypool alone would let the call of a thread that ends without an error wait forever.
      for (const thread of threads.threads) {
        thread.once('error', onDeath);
        thread.once('exit', (code: number) => onDeath(new Error(`a thread ended with code ${code}`)));
      }
      threads.on('error', onDeath);
    });
    // Whoever made a call hears of it; when there is none it does not matter.
    died.catch(() => {});
    return { threads, died };
  }
}
