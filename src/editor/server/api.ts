/** What the server computes: predictions, edges. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UserError } from '../../runtime/errors.ts';
import type { ModelAddress } from '../description.ts';
import { EngineStopped, type NativeEngine } from '../native/engine.ts';
import { decodeInput, encodeOutput, faceFrame, inputBytes } from '../wire.ts';
import { readBody } from './body.ts';
import { LatestOnly } from './latest.ts';
import { Refusal, send, sendJson } from './respond.ts';

/** Answers a POST request. @throws Refusal what the client is told instead. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const waitingClients = 16;

export interface ApiParts {
  readonly engine: Pick<NativeEngine, 'ask' | 'model'>;
  /** Exports the model for inference in the page, and says where it can be loaded. */
  readonly prepareModel: () => Promise<ModelAddress>;
}

export function apiHandlers({ engine, prepareModel }: ApiParts): ReadonlyMap<string, Handler> {
  const { resolution, edges, controls } = engine.model;
  const takesColour = controls.includes('colour');
  const latest = new LatestOnly(waitingClients);

  const compute = async <T>(
    request: IncomingMessage,
    response: ServerResponse,
    work: () => Promise<T>,
  ): Promise<T> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    // A page's requests of one kind take each other's place, not those of another kind.
    return latest.run(`${request.url} ${clientOf(request)}`, gone.signal, async () => {
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
        const body = await readBody(request, inputBytes(resolution, takesColour));
        const input = decodeInput(body, resolution, takesColour);
        if (!input) throw new Refusal(400, 'The body has values that are not finite, or l outside 0 to 1.');
        const output = await compute(request, response, () => engine.ask('predict', input));
        sendBytes(response, encodeOutput(output));
      },
    ],
    [
      '/api/edges',
      async (request, response) => {
        const rgb = await readBody(request, 3 * edges.size ** 2);
        const ask = { rgb, size: resolution };
        sendBytes(response, await compute(request, response, () => engine.ask('edges', ask)));
      },
    ],
    [
      '/api/face',
      async (request, response) => {
        const rgb = await readBody(request, 3 * faceFrame ** 2);
        const ask = { rgb, size: faceFrame };
        const face = await compute(request, response, () => engine.ask('face', ask));
        sendJson(response, 200, { face: face ?? null });
      },
    ],
    [
      '/api/model',
      async (request, response) => {
        await readBody(request, 0);
        sendJson(response, 200, await compute(request, response, prepareModel));
      },
    ],
  ]);
}

/** Each page has a name of its own, which says nothing but that two requests come from the same page. */
function clientOf({ headers, socket }: IncomingMessage): string {
  const name = headers['x-editor-page'];
  return typeof name === 'string' ? name.slice(0, 64) : `${socket.remoteAddress}:${socket.remotePort}`;
}
