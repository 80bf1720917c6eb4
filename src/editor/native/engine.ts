/** The server's side of the process that computes. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../runtime/errors.ts';
import type { FromProcess, ModelDescription, ToProcess, Work, WorkKind } from './messages.ts';

interface Waiting {
  resolve(answer: never): void;
  reject(error: Error): void;
}

/** A failure of the process, not of what was asked: it is worth trying again. */
export class EngineStopped extends Error {}

export class NativeEngine {
  readonly #checkpoint: string;
  readonly #waiting = new Map<number, Waiting>();
  #process: Promise<ChildProcess> | undefined;
  #child: ChildProcess | undefined;
  #nextId = 1;
  #closed = false;
  #model: ModelDescription | undefined;

  private constructor(checkpoint: string) {
    this.#checkpoint = checkpoint;
  }

  /** Starts the process and loads the checkpoint. @throws UserError when that cannot be used. */
  static async open(checkpoint: string): Promise<NativeEngine> {
    const engine = new NativeEngine(checkpoint);
    await engine.#running();
    return engine;
  }

  get model(): ModelDescription {
    return this.#model!;
  }

  /**
   * Answers in the order of the calls. A process that has ended is started anew.
   *
   * @throws UserError what a person can mend; {@link EngineStopped} when the process ended meanwhile.
   */
  async ask<K extends WorkKind>(kind: K, ask: Work[K]['ask']): Promise<Work[K]['answer']> {
    const child = await this.#running();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      child.send({ id, kind, ask } as ToProcess, (error) => {
        if (error) this.#settle(id)?.reject(new EngineStopped(error.message));
      });
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#child?.connected) this.#child.disconnect();
  }

  #running(): Promise<ChildProcess> {
    if (this.#closed) return Promise.reject(new EngineStopped('The editor has been closed.'));
    this.#process ??= this.#start().catch((error) => {
      this.#process = undefined;
      throw error;
    });
    return this.#process;
  }

  #start(): Promise<ChildProcess> {
    const entry = fileURLToPath(new URL('./entry.mjs', import.meta.url));
    const child = fork(entry, [this.#checkpoint], {
      serialization: 'advanced',
      // tfjs-node calls util.isNullOrUndefined, which newer versions of Node warn of.
      execArgv: ['--disable-warning=DEP0051'],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.on('message', (message: FromProcess) => {
        if (message.kind === 'ready') {
          this.#model = message.model;
          resolve(child);
        } else if (message.kind === 'failed') {
          reject(message.forUser ? new UserErrorFromProcess(message.message) : new Error(message.message));
        } else if (message.kind === 'answer') {
          this.#settle(message.id)?.resolve(message.answer as never);
        } else {
          const { message: text, forUser } = message;
          this.#settle(message.id)?.reject(forUser ? new UserErrorFromProcess(text) : new Error(text));
        }
      });
      child.on('error', (error) => reject(error));
      child.on('exit', (code, signal) => {
        this.#process = undefined;
        const error = new EngineStopped(`The process that computes ended (${signal ?? `status ${code}`}).`);
        reject(error);
        for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(error);
      });
    });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

/** Its message has the details already. */
class UserErrorFromProcess extends UserError {}
