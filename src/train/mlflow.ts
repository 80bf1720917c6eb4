/**
 * MLflow as a second place for the log, by its REST interface (https://mlflow.org/docs/latest/rest-api.html). What is logged
 * waits here and is sent beside the training, which never waits for the server before its end, and then not for long.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunConfig } from '../config/run-config.ts';
import type { RunFolder } from '../core/run-folder.ts';
import { UserError } from '../runtime/errors.ts';
import { writeFileAtomically } from '../runtime/files.ts';
import type { Reporter } from '../runtime/progress.ts';
import { Threads } from '../runtime/workers.ts';
import { leaves } from './resume.ts';

/** How a training ended, as MLflow calls it. */
export type MlflowStatus = 'FINISHED' | 'FAILED' | 'KILLED';

/** What may wait while the server does not answer; beyond that the oldest is given up. */
const MOST_METRICS = 200_000;
const MOST_PICTURES = 16;
/** The most that the server takes in one request. */
const METRICS_A_REQUEST = 1000;
const PARAMS_A_REQUEST = 100;
const PARAM_LENGTH = 500;
/** Between tries while the server does not answer, ms. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60_000;
/** How long the end of a training waits for what is left, ms. */
const DRAIN = 15_000;

interface Metric {
  readonly key: string;
  readonly value: number;
  /** ms since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

interface Param {
  readonly key: string;
  readonly value: string;
}

interface Server {
  readonly url: string;
  readonly experiment: string;
}

/** The run that a training logs into, as `mlflow.json` of its folder keeps it. */
interface MlflowRun extends Server {
  readonly id: string;
  /** Where pictures go. */
  readonly artifacts: string;
}

/** The server has understood and says no: trying again would not help. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The server that a configuration names, or MLFLOW_TRACKING_URI; undefined where none is wanted.
 *
 * @throws UserError when neither names one.
 */
export function mlflowServer({ output: { mlflow } }: Pick<RunConfig, 'output'>): Server | undefined {
  if (!mlflow) return undefined;
  const { MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME } = process.env;
  const url = (mlflow.url ?? MLFLOW_TRACKING_URI ?? '').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url))
    throw new UserError('It is not known where MLflow’s server is.', {
      where: mlflow.url === undefined ? 'MLFLOW_TRACKING_URI' : 'output.mlflow.url',
      expected: 'its address, such as http://localhost:5000',
      got: url || 'nothing',
      fix: 'set output.mlflow.url or MLFLOW_TRACKING_URI, or leave out output.mlflow',
    });
  return { url, experiment: mlflow.experiment ?? MLFLOW_EXPERIMENT_NAME ?? 'deep-plastic-surgery' };
}

/** MLflow's user or token, which only the environment holds. */
function authorization(): Record<string, string> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user } = process.env;
  const password = process.env.MLFLOW_TRACKING_PASSWORD ?? '';
  if (token) return { authorization: `Bearer ${token}` };
  if (!user) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

export class MlflowLog {
  readonly #server: Server;
  readonly #folder: RunFolder;
  readonly #reporter: Reporter;
  readonly #threads = new Threads<typeof import('./mlflow-request.ts')>(
    new URL('./mlflow-request.ts', import.meta.url),
  );
  readonly #headers = authorization();
  /** Ends waiting. */
  readonly #closing = new AbortController();
  readonly #begin = Date.now();
  #run: MlflowRun | undefined;
  #params: Param[];
  #metrics: Metric[] = [];
  #pictures: { name: string; png: Uint8Array }[] = [];
  #status: MlflowStatus | undefined;
  #sending: Promise<void> | undefined;
  #unreachable = false;
  #ended = false;
  #told = new Set<string>();

  constructor(server: Server, folder: RunFolder, config: RunConfig, reporter: Reporter) {
    this.#server = server;
    this.#folder = folder;
    this.#reporter = reporter;
    this.#params = [...leaves(config)].map(([key, json]) => ({
      key: nameOf(key),
      value: json.replace(/^"(.*)"$/, '$1').slice(0, PARAM_LENGTH),
    }));
    this.#send();
  }

  /** Numbers by name at a step. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    if (this.#ended) return;
    const timestamp = Date.now();
    for (const [name, value] of Object.entries(values))
      if (Number.isFinite(value)) this.#metrics.push({ key: nameOf(name), value, timestamp, step });
    if (this.#metrics.length > MOST_METRICS) {
      this.#metrics.splice(0, this.#metrics.length - MOST_METRICS);
      this.#warnOnce(`More than ${MOST_METRICS} numbers wait for MLflow: the oldest are given up.`);
    }
    this.#send();
  }

  /** A sample grid, for the run's artifacts. */
  picture(step: number, png: Uint8Array): void {
    if (this.#ended) return;
    this.#pictures.push({ name: `samples/step-${String(step).padStart(7, '0')}.png`, png });
    this.#pictures.splice(0, Math.max(0, this.#pictures.length - MOST_PICTURES));
    this.#send();
  }

  /** Sends what is left, for 15 s at most, and says what could not be sent. */
  async close(status: MlflowStatus): Promise<void> {
    if (this.#unreachable) this.#reporter.info(`MLflow is tried for ${DRAIN / 1000} s more.`);
    this.#status = status;
    this.#closing.abort();
    this.#send();
    const timer = new AbortController();
    const late = pause(DRAIN, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([this.#sending, late]);
    timer.abort();
    this.#ended = true;
    await this.#threads.close();
    await this.#sending;
    const left = this.#metrics.length + this.#pictures.length;
    if (left > 0)
      this.#reporter.warn(
        `${this.#metrics.length} numbers and ${this.#pictures.length} pictures have not reached MLflow at ${this.#server.url}; ${this.#folder.path} has them all.`,
      );
  }

  get #waiting(): boolean {
    return (
      this.#params.length + this.#metrics.length + this.#pictures.length > 0 || this.#status !== undefined
    );
  }

  #send(): void {
    if (!this.#ended) this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    let wait = FIRST_WAIT;
    while (!this.#ended && this.#waiting) {
      try {
        await this.#sendNext();
        if (this.#unreachable) this.#reporter.info(`MLflow at ${this.#server.url} answers again.`);
        this.#unreachable = false;
        wait = FIRST_WAIT;
      } catch (error) {
        if (this.#ended) break;
        const { message } = error as Error;
        if (error instanceof Refused && !this.#run) {
          this.#end(`MLflow at ${this.#server.url} refuses the run, which is not logged there: ${message}`);
          break;
        }
        if (error instanceof Refused) {
          this.#warnOnce(`MLflow at ${this.#server.url} refuses some of what is logged: ${message}`);
          continue;
        }
        if (!this.#unreachable)
          this.#reporter.warn(
            `MLflow at ${this.#server.url} cannot be reached: ${message}. Training goes on, and what is logged waits for it.`,
          );
        this.#unreachable = true;
        const { signal } = this.#closing;
        // After the training has ended there is little time.
        if (signal.aborted) await pause(FIRST_WAIT);
        else await pause(wait, undefined, { signal, ref: false }).catch(() => {});
        wait = Math.min(2 * wait, LONGEST_WAIT);
      }
    }
    this.#sending = undefined;
  }

  /** Sends the next of what waits. Whatever is refused has been taken out; all else still waits when it throws. */
  async #sendNext(): Promise<void> {
    this.#run ??= await this.#openRun();
    const { id } = this.#run;
    if (this.#params.length > 0) {
      await this.#withNext(this.#params, PARAMS_A_REQUEST, (params) =>
        this.#post('runs/log-batch', { run_id: id, params }),
      );
    } else if (this.#metrics.length > 0) {
      await this.#withNext(this.#metrics, METRICS_A_REQUEST, (metrics) =>
        this.#post('runs/log-batch', { run_id: id, metrics }),
      );
    } else if (this.#pictures.length > 0) {
      await this.#withNext(this.#pictures, 1, ([picture]) => this.#upload(picture));
    } else if (this.#status) {
      const status = this.#status;
      this.#status = undefined;
      try {
        await this.#post('runs/update', { run_id: id, status, end_time: Date.now() });
      } catch (error) {
        if (!(error instanceof Refused)) this.#status = status;
        throw error;
      }
    }
  }

  async #withNext<T>(waiting: T[], count: number, send: (next: T[]) => Promise<unknown>): Promise<void> {
    const next = waiting.splice(0, count);
    try {
      await send(next);
    } catch (error) {
      if (!(error instanceof Refused)) waiting.unshift(...next);
      throw error;
    }
  }

  /** The run that the folder has logged into before, where the server still has it; or else a new one. */
  async #openRun(): Promise<MlflowRun> {
    const path = join(this.#folder.path, 'mlflow.json');
    const before = storedRun(path);
    if (before?.url === this.#server.url && before.experiment === this.#server.experiment) {
      const found = await this.#post('runs/update', { run_id: before.id, status: 'RUNNING' }).catch(missing);
      if (found) {
        // They cannot be changed.
        this.#params = [];
        return before;
      }
    }
    const { experiment } = this.#server;
    const query = `experiments/get-by-name?experiment_name=${encodeURIComponent(experiment)}`;
    let found = await this.#call('GET', query).catch(missing);
    if (!found) {
      // Another training may have made it meanwhile.
      await this.#post('experiments/create', { name: experiment }).catch((error) => {
        if (!(error instanceof Refused)) throw error;
      });
      found = await this.#call('GET', query);
    }
    const { experiment_id } = (found as { experiment: { experiment_id: string } }).experiment;
    const { run } = (await this.#post('runs/create', {
      experiment_id,
      run_name: basename(this.#folder.path),
      start_time: this.#begin,
      tags: [{ key: 'mlflow.source.name', value: 'deep-plastic-surgery' }],
    })) as { run: { info: { run_id: string; artifact_uri: string } } };
    const opened = { ...this.#server, id: run.info.run_id, artifacts: run.info.artifact_uri };
    await writeFileAtomically(path, `${JSON.stringify(opened, null, 1)}\n`).catch((error: Error) =>
      this.#reporter.warn(`A resumed training will be another run of MLflow’s: ${error.message}`),
    );
    this.#reporter.info(`MLflow: ${this.#server.url}/#/experiments/${experiment_id}/runs/${opened.id}`);
    return opened;
  }

  /** By the server's own store of artifacts; others, such as S3, are not its interface's. */
  async #upload({ name, png }: { name: string; png: Uint8Array }): Promise<void> {
    const uri = this.#run?.artifacts ?? '';
    const folder = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(uri)?.[1];
    if (folder === undefined) {
      this.#warnOnce(
        `MLflow keeps artifacts at ${uri.split(':')[0]}, to which it gives no access: sample grids are in ${this.#folder.samples} alone.`,
      );
      return;
    }
    await this.#request(
      'PUT',
      `mlflow-artifacts/artifacts/${folder}/${name}`,
      Uint8Array.from(png),
      'image/png',
    );
  }

  #post(path: string, body: object): Promise<unknown> {
    return this.#call('POST', path, body);
  }

  async #call(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const answer = await this.#request(method, `mlflow/${path}`, body && JSON.stringify(body));
    try {
      return JSON.parse(answer);
    } catch {
      throw new Error(`it answers with something else than JSON: ${answer.slice(0, 80)}`);
    }
  }

  async #request(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    type = 'application/json',
  ): Promise<string> {
    const headers = { ...this.#headers, 'content-type': type };
    const url = `${this.#server.url}/api/2.0/${path}`;
    const answer = await this.#threads.run('send', [{ method, url, headers, body }]);
    const { status } = answer;
    if (status < 300) return answer.body;
    const message = `${status} ${messageIn(answer.body)}`;
    // Too early, too many, or the server's own trouble.
    if (status === 408 || status === 425 || status === 429 || status >= 500) throw new Error(message);
    throw new Refused(status, message);
  }

  #end(message: string): void {
    this.#ended = true;
    this.#params = [];
    this.#metrics = [];
    this.#pictures = [];
    this.#reporter.warn(message);
  }

  #warnOnce(message: string): void {
    if (!this.#told.has(message)) this.#reporter.warn(message);
    this.#told.add(message);
  }
}

/** What the server knows nothing of. */
function missing(error: unknown): undefined {
  if (error instanceof Refused && error.status === 404) return undefined;
  throw error;
}

function storedRun(path: string): MlflowRun | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as MlflowRun;
  } catch {
    return undefined;
  }
}

/** MLflow says what is wrong under `message`. */
function messageIn(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: unknown }).message).slice(0, 300);
  } catch {
    return body.slice(0, 80);
  }
}

/** Names have letters, digits, spaces and `_-./` alone. */
const nameOf = (name: string): string => name.replaceAll(/[^\w./ -]/g, '_').slice(0, 250);
