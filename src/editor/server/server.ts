/** The HTTP server: a fixed map of addresses to bytes in memory, and a few computations. No request names a file. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { UserError } from '../../runtime/errors.ts';
import type { Handler } from './api.ts';
import { type Asset, Refusal, send, sendJson } from './respond.ts';
import { isOwnHost, isOwnOrigin } from './security.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What GET answers, by path; asked at every request, as samples are added while the server runs. */
  readonly assets: (path: string) => Asset | undefined;
  /** What POST computes, by path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** A defect: an error that is nobody's request. */
  readonly onError: (error: unknown) => void;
}

/** Times that a client may take, ms. */
const headersTimeout = 5_000;
const requestTimeout = 30_000;
const idleTimeout = 120_000;
const maxConnections = 128;

/** @throws UserError when the port cannot be used. */
export async function startServer(options: ServerOptions): Promise<{ server: Server; port: number }> {
  const server = createServer(
    {
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 5000,
      maxHeaderSize: 16384,
    },
    (request, response) => {
      answer(options, request, response)
        .catch((error) => refuse(options, response, error))
        .finally(() => {
          // What is left of a body that nobody reads would keep the connection busy.
          if (!request.complete) response.once('finish', () => request.destroy());
        });
    },
  );
  server.maxConnections = maxConnections;
  server.setTimeout(idleTimeout, (socket) => socket.destroy());
  server.on('clientError', (_, socket) => {
    if (socket.writable)
      socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    // Not end() alone: a client that never closes its side would keep the connection.
    (socket as Socket).destroySoon();
  });
  server.on('checkExpectation', (_, response: ServerResponse) => sendJson(response, 417, { error: 'No.' }));
  await listen(server, options);
  return { server, port: (server.address() as AddressInfo).port };
}

async function answer(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isOwnHost(request.headers.host, options.host)) {
    throw new Refusal(421, 'This server has another name.');
  }
  // Cut, not parsed: an address is one of ours to the letter, or unknown.
  const path = (request.url ?? '').split('?', 1)[0];
  const handler = options.handlers.get(path);
  if (handler) {
    if (request.method !== 'POST') throw new Refusal(405, 'Use POST.', { Allow: 'POST' });
    if (!isOwnOrigin(request)) throw new Refusal(403, 'Only the editor’s own page may ask this.');
    return handler(request, response);
  }
  const asset = options.assets(path);
  if (!asset) throw new Refusal(404, 'There is nothing of that name.');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new Refusal(405, 'Use GET.', { Allow: 'GET, HEAD' });
  }
  send(response, 200, asset);
}

function refuse({ onError }: ServerOptions, response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'The server failed; its terminal says why.');
  if (refusal !== error) onError(error);
  sendJson(response, refusal.status, { error: refusal.message }, { ...refusal.headers, Connection: 'close' });
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        new UserError('The editor’s server cannot start.', {
          where: `--host ${host} --port ${port}`,
          got: inUse ? 'another program uses this port' : error.message,
          fix: inUse ? 'end that program (another editor?), or choose another --port' : undefined,
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}
