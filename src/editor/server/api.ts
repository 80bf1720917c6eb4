/** What the server computes on request: predictions, edges, faces, and the model for the page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError } from '../../runtime/errors.ts';
import { EngineStopped, type NativeEngine } from '../native/engine.ts';
import {
  decodeInput,
  encodeOutput,
  faceFrame,
  inputBytes,
  type ModelAddress,
  serverErrors,
} from '../wire.ts';
import { type Handler, Refusal, readBody, send, sendJson } from './server.ts';

const waitingClients = 16;

interface ServedModel {
  readonly engine: Pick<NativeEngine, 'model' | 'predict' | 'findEdges' | 'findFaces'>;
  /** Exports the model for inference in the page, and says where it can be loaded. */
  readonly prepareModel: () => Promise<ModelAddress>;
}

interface ApiParts {
  /** The first is meant by requests that name none. It finds edges and faces, too. */
  readonly models: readonly [ServedModel, ...ServedModel[]];
  /** Which it shares with the API for programs. */
  readonly queue: LatestOnly;
}

export function apiHandlers({ models, queue }: ApiParts): ReadonlyMap<string, Handler> {
  const [main] = models;
  const { edges, model } = main.engine.model;

  /** The model that a request names: `?model=NAME`. */
  const modelOf = ({ url = '' }: IncomingMessage): ServedModel => {
    const name = new URLSearchParams(url.split('?')[1]).get('model');
    const named = name === null ? main : models.find(({ engine }) => engine.model.model.name === name);
    if (named) return named;
    throw new Refusal(404, serverErrors.noModel);
  };

  const compute = async <T>(
    request: IncomingMessage,
    response: ServerResponse,
    work: () => Promise<T>,
  ): Promise<T> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    // A newer request of a page replaces an older one of the same kind only.
    return queue.run(`${request.url} ${clientOf(request)}`, gone.signal, async () => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof UserError) throw new Refusal(422, error.message);
        if (error instanceof EngineStopped) throw new Refusal(503, `${error.message} Try again.`);
        throw error;
      }
    });
  };
  const sendBytes = (response: ServerResponse, body: Uint8Array) =>
    send(response, 200, { type: 'application/octet-stream', body });

  return new Map<string, Handler>([
    [
      '/api/predict',
      async (request, response) => {
        const { engine } = modelOf(request);
        const { resolution, controls } = engine.model.model;
        const takesColour = controls.includes('colour');
        const body = await readBody(request, inputBytes(resolution, takesColour));
        const input = decodeInput(body, resolution, takesColour);
        if (!input) throw new Refusal(400, 'The body has values that are not finite, or l outside 0 to 1.');
        const output = await compute(request, response, () => engine.predict(input));
        sendBytes(response, encodeOutput(output));
      },
    ],
    [
      '/api/edges',
      async (request, response) => {
        const rgb = await readBody(request, 3 * edges.size ** 2);
        sendBytes(
          response,
          await compute(request, response, () => main.engine.findEdges(rgb, model.resolution)),
        );
      },
    ],
    [
      '/api/faces',
      async (request, response) => {
        const rgb = await readBody(request, 3 * faceFrame ** 2);
        const faces = await compute(request, response, () => main.engine.findFaces(rgb, faceFrame));
        sendJson(response, 200, { faces });
      },
    ],
    [
      '/api/model',
      async (request, response) => {
        const { prepareModel } = modelOf(request);
        await readBody(request, 0);
        sendJson(response, 200, await compute(request, response, prepareModel));
      },
    ],
  ]);
}

/** Tells pages apart: each sends a random name of its own. */
function clientOf({ headers, socket }: IncomingMessage): string {
  const name = headers['x-editor-page'];
  return typeof name === 'string' ? name.slice(0, 64) : `${socket.remoteAddress}:${socket.remotePort}`;
}

interface Waiting {
  readonly client: string;
  start(): void;
  drop(reason: Refusal): void;
}

/** Runs one computation at a time. A client that asks again gives up what it asked for before. */
export class LatestOnly {
  readonly #limit: number;
  #waiting: Waiting[] = [];
  #running = false;

  /** @param limit how many clients may wait. */
  constructor(limit = waitingClients) {
    this.#limit = limit;
  }

  /**
   * Runs `work` when its turn comes.
   *
   * @param signal of a client that has gone: it loses its turn.
   * @throws Refusal when the client has asked anew or gone, or too many wait.
   */
  async run<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(client, signal);
    try {
      return await work();
    } finally {
      this.#running = false;
      this.#waiting.shift()?.start();
    }
  }

  #turn(client: string, signal: AbortSignal): Promise<void> {
    for (const older of this.#waiting.filter((waiting) => waiting.client === client)) {
      older.drop(new Refusal(409, 'A newer request has taken the place of this one.'));
    }
    if (signal.aborted) return Promise.reject(new Refusal(499, 'The client has gone.'));
    if (!this.#running) {
      this.#running = true;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#limit) {
      return Promise.reject(new Refusal(503, serverErrors.busy, { 'Retry-After': 5 }));
    }
    return new Promise((resolve, reject) => {
      const leave = () => waiting.drop(new Refusal(499, 'The client has gone.'));
      const waiting: Waiting = {
        client,
        start: () => {
          signal.removeEventListener('abort', leave);
          this.#running = true;
          resolve();
        },
        drop: (reason) => {
          signal.removeEventListener('abort', leave);
          this.#waiting = this.#waiting.filter((other) => other !== waiting);
          reject(reason);
        },
      };
      signal.addEventListener('abort', leave);
      this.#waiting.push(waiting);
    });
  }
}
