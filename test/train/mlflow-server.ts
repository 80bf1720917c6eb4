/** A stand-in for MLflow's tracking server, by its published REST interface: https://mlflow.org/docs/latest/rest-api.html */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface FakeRun {
  readonly name: string;
  readonly experiment: string;
  readonly params: Map<string, string>;
  readonly metrics: Metric[];
  readonly artifacts: Map<string, Buffer>;
  status: string;
  ended: boolean;
}

interface Body {
  readonly [key: string]: unknown;
  readonly name?: string;
  readonly run_id?: string;
  readonly experiment_id?: string;
  readonly run_name?: string;
  readonly status?: string;
  readonly end_time?: number;
  readonly metrics?: Metric[];
  readonly params?: { key: string; value: string }[];
}

class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const NAME = /^[\w.\-: /]{1,250}$/;

export class FakeMlflow {
  readonly runs = new Map<string, FakeRun>();
  /** Path and authorization of every request, in their order. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[] = [];
  /** Answers a request in the server's place: with this status, for `page` with a web page, or, for `hang`, not at all. */
  instead: (path: string, body: Body) => number | 'page' | 'hang' | undefined = () => undefined;
  artifactRoot = 'mlflow-artifacts:';
  readonly #experiments = new Map<string, string>();
  readonly #answered = new EventEmitter();
  #server: Server | undefined;
  #port = 0;

  /** Listens, at the port that it had before if there was one. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#handle(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    await (this.#server?.listening && once(this.#server, 'close'));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get run(): FakeRun {
    const [run] = [...this.runs.values()].slice(-1);
    return run;
  }

  /** Waits until this holds after a request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#answered, 'request');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const path = pathname.replace('/api/2.0/', '');
    this.requests.push({ path, authorization: request.headers.authorization });
    try {
      const isJson = request.headers['content-type'] === 'application/json';
      const body = (isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : {}) as Body;
      const instead = this.instead(path, body);
      if (instead === 'hang') return;
      if (instead === 'page') {
        response.end('<html>');
        return;
      }
      if (instead !== undefined) throw new ApiError(instead, 'TOLD_TO', `told to answer ${instead}`);
      const answer = this.#answer(`${request.method} ${path}`, body, searchParams, bytes);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    } catch (error) {
      const { status = 500, code = 'INTERNAL_ERROR', message } = error as ApiError;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error_code: code, message }));
    } finally {
      this.#answered.emit('request');
    }
  }

  #answer(call: string, body: Body, query: URLSearchParams, bytes: Buffer): object {
    const artifact = /^PUT mlflow-artifacts\/artifacts\/\w+\/(\w+)\/artifacts\/(.+)$/.exec(call);
    if (artifact) {
      this.#existing(artifact[1]).artifacts.set(artifact[2], bytes);
      return {};
    }
    switch (call) {
      case 'GET mlflow/experiments/get-by-name': {
        const experiment_id = this.#experiments.get(query.get('experiment_name') ?? '');
        if (!experiment_id) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST');
        return { experiment: { experiment_id } };
      }
      case 'POST mlflow/experiments/create': {
        if (this.#experiments.has(String(body.name))) throw new ApiError(400, 'RESOURCE_ALREADY_EXISTS');
        this.#experiments.set(String(body.name), String(this.#experiments.size + 1));
        return { experiment_id: String(this.#experiments.size) };
      }
      case 'POST mlflow/runs/create':
        return this.#create(body);
      case 'POST mlflow/runs/update': {
        const run = this.#existing(body.run_id);
        run.status = String(body.status);
        run.ended = body.end_time !== undefined;
        return { run_info: { run_id: body.run_id } };
      }
      case 'POST mlflow/runs/log-batch':
        return this.#logBatch(body);
      default:
        throw new ApiError(404, 'ENDPOINT_NOT_FOUND', call);
    }
  }

  #create({ experiment_id, run_name }: Body): object {
    const experiment = [...this.#experiments].find(([, id]) => id === experiment_id)?.[0];
    if (!experiment) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST');
    const run_id = `run${this.runs.size + 1}`;
    const name = String(run_name);
    const parts = { params: new Map(), metrics: [], artifacts: new Map() };
    this.runs.set(run_id, { ...parts, name, experiment, status: 'RUNNING', ended: false });
    const artifact_uri = `${this.artifactRoot}/${experiment_id}/${run_id}/artifacts`;
    return { run: { info: { run_id, artifact_uri } } };
  }

  #logBatch({ run_id, metrics = [], params = [] }: Body): object {
    const run = this.#existing(run_id);
    const refuse = (message: string) => new ApiError(400, 'INVALID_PARAMETER_VALUE', message);
    if (metrics.length > 1000 || params.length > 100 || metrics.length + params.length > 1000)
      throw refuse('too many');
    for (const { key } of [...metrics, ...params]) if (!NAME.test(key)) throw refuse(`invalid name ${key}`);
    for (const { key, value } of params) {
      if (run.params.has(key) && run.params.get(key) !== value) throw refuse(`${key} cannot be changed`);
      if (value.length > 500) throw refuse(`${key} is too long`);
    }
    for (const { value, timestamp, step } of metrics)
      if (![value, timestamp, step].every(Number.isFinite)) throw refuse('no number');
    for (const { key, value } of params) run.params.set(key, value);
    run.metrics.push(...metrics);
    return {};
  }

  #existing(id: string | undefined): FakeRun {
    const run = this.runs.get(id ?? '');
    if (!run) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST', `Run ${id} not found`);
    return run;
  }
}
