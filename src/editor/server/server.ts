/** The HTTP server: a fixed map of addresses to bytes in memory, and a few computations. No request names a file. */

import { createReadStream } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { UserError, type UserErrorDetails } from '../../runtime/errors.ts';
import { isLoopback } from '../loopback.ts';
import { serverErrors } from '../wire.ts';
import { hostName, isOwnHost, isOwnOrigin, securityHeaders } from './security.ts';

/** Answers a request. @throws Refusal what the client is told instead. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Where the addresses of the API for programs begin. */
export const publicApiPath = '/api/v1';

interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Names that it answers to beside the host and IP addresses. */
  readonly allowedHosts?: readonly string[];
  /** What GET answers, by path. It is called for every request, as some are made when they are asked for. */
  readonly assets: (path: string) => Asset | undefined | Promise<Asset | undefined>;
  /** What POST computes, by path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Answers all that is asked of the API for programs. */
  readonly publicApi: Handler;
  /** Called for errors that are the server's fault, not a request's. */
  readonly onError: (error: unknown) => void;
}

/** Times that a client may take, ms. */
const headersTimeout = 5_000;
const requestTimeout = 30_000;
const idleTimeout = 120_000;
/** Clients are told whole seconds, 5, so that they do not use a connection any more while it is being closed. */
const keepAliveTimeout = 5_999;
const maxConnections = 128;

/** @throws UserError when the port cannot be used. */
export async function startServer(options: ServerOptions): Promise<{ server: Server; port: number }> {
  const server = createServer(
    {
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout,
      maxHeaderSize: 16384,
    },
    (request, response) => {
      // What is left of a body is thrown away. Else whoever is still sending it would not come to read the answer, and the
      // connection's next request would not be read. Clients that stop sending are let go by the timeouts.
      response.once('finish', () => request.resume());
      answer(options, request, response).catch((error) => refuse(options, response, error));
    },
  );
  server.maxConnections = maxConnections;
  server.setTimeout(idleTimeout, (socket) => socket.destroy());
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Browsers open connections before they need them. What was written into one would be taken for the answer to a request
    // that is being sent just then; where it is only closed, browsers send the request anew.
    const isUnused = (socket as Socket).bytesRead === 0;
    const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
    if (socket.writable && !isUnused)
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    // end() would leave the connection open to a client that never closes its side.
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
  const { host: name } = request.headers;
  if (!isOwnHost(name, options.host, options.allowedHosts)) {
    throw new Refusal(421, otherName(hostName(name), options.host));
  }
  // The URL is not parsed: a path must equal one of ours to the letter.
  const path = (request.url ?? '').split('?', 1)[0];
  if (isOfPublicApi(path)) {
    for (const [header, value] of Object.entries(everyAnswer)) response.setHeader(header, value);
    return options.publicApi(request, response);
  }
  const handler = options.handlers.get(path);
  if (handler) {
    if (request.method !== 'POST') throw new Refusal(405, 'Use POST.', { Allow: 'POST' });
    if (!isOwnOrigin(request)) throw new Refusal(403, 'Only the editor’s own page may ask this.');
    return handler(request, response);
  }
  const asset = await options.assets(path);
  if (!asset) throw new Refusal(404, 'There is nothing of that name.');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new Refusal(405, 'Use GET.', { Allow: 'GET, HEAD' });
  }
  send(response, 200, asset);
}

const isOfPublicApi = (path: string) => path.startsWith(`${publicApiPath}/`);

/** Why a name is not answered to, and how it can be. */
function otherName(name: string | undefined, host: string): string {
  if (!name) return 'The request does not say for which address it is.';
  const flag = isLoopback(host) && isIP(name) ? '--host 0.0.0.0' : `--allow-host ${name}`;
  return `The editor does not answer to the name ${name}. If this name is meant to be this computer's, start it with npm run edit -- ${flag}. Otherwise open an address that it prints.`;
}

function refuse({ onError }: ServerOptions, response: ServerResponse, error: unknown): void {
  const refusal = error instanceof Refusal ? error : new Refusal(500, serverErrors.failed);
  if (refusal !== error) onError(error);
  const { status, headers } = refusal;
  if (isOfPublicApi(response.req.url ?? '')) {
    const body = Buffer.from(JSON.stringify(problemOf(refusal)));
    send(response, status, { type: problemType, body }, headers);
  } else if (response.req.method === 'GET' && response.req.headers.accept?.includes('text/html')) {
    const asset = { type: 'text/html; charset=utf-8', body: Buffer.from(refusalPage(refusal.message)) };
    send(response, status, asset, headers);
  } else sendJson(response, status, { error: refusal.message }, headers);
}

/** What a person sees who has opened an address that is refused. */
function refusalPage(message: string): string {
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8" /><meta name="color-scheme" content="light dark" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>Refused</title></head><body><main><h1>The editor is not shown</h1><p>${text}</p></main></body></html>`;
}

/** What the system says of an address that cannot be served on, and what can be done about it. */
const REFUSALS: Readonly<Record<string, readonly [got: string, fix: string]>> = {
  EADDRINUSE: [
    'another program uses this port',
    'end that program (another editor?), or choose another --port; 0 takes any free one',
  ],
  EACCES: ['the system keeps this port for itself', 'choose a --port from 1024 on'],
  EADDRNOTAVAIL: ['no address of this machine', 'choose --host 127.0.0.1, or 0.0.0.0 for all addresses'],
  ENOTFOUND: ['a name that no address is known of', 'choose --host 127.0.0.1, or 0.0.0.0 for all addresses'],
  EAI_AGAIN: ['a name that no address is known of', 'choose --host 127.0.0.1, or 0.0.0.0 for all addresses'],
};

/** Throws the UserError that {@link startServer} would, before long work. */
export async function requirePort(address: Pick<ServerOptions, 'host' | 'port'>): Promise<void> {
  const server = createServer();
  await listen(server, address);
  await new Promise((resolve) => server.close(resolve));
}

async function listen(server: Server, { host, port }: Pick<ServerOptions, 'host' | 'port'>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const [got, fix] = REFUSALS[code] ?? [message];
    throw new UserError('The editor’s server cannot start.', {
      where: `--host ${host} --port ${port}`,
      got,
      fix,
    });
  }
}

const everyAnswer = { ...securityHeaders, 'Cache-Control': 'no-store' };

/** What GET answers: bytes in memory, or a large file that was chosen when the server started. */
export type Asset = { readonly type: string } & (
  | { readonly body: Uint8Array }
  | { readonly path: string; readonly bytes: number }
);

/** Answers a request, with the headers that every answer has. */
export function send(
  response: ServerResponse,
  status: number,
  asset: Asset,
  headers: OutgoingHttpHeaders = {},
): void {
  // The client may have gone, or may have been refused already.
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...everyAnswer,
    'Content-Type': asset.type,
    'Content-Length': 'body' in asset ? asset.body.length : asset.bytes,
    ...headers,
  });
  if (response.req.method === 'HEAD') response.end();
  else if ('body' in asset) response.end(asset.body);
  // Either end may fail; pipeline then destroys both.
  else pipeline(createReadStream(asset.path), response, () => {});
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers?: OutgoingHttpHeaders,
) {
  const body = Buffer.from(JSON.stringify(value));
  send(response, status, { type: 'application/json; charset=utf-8', body }, headers);
}

/** A request that is refused: the HTTP status, and a message for the client. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly details: UserErrorDetails;

  constructor(
    status: number,
    message: string,
    headers: OutgoingHttpHeaders = {},
    details: UserErrorDetails = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.details = details;
  }
}

export const problemType = 'application/problem+json';

/** A refusal as programs are told it (RFC 9457), with what is wrong, where, expected, got and how to mend it. */
export const problemOf = ({ status, message, details }: Refusal) => ({
  title: STATUS_CODES[status] ?? 'Refused',
  status,
  detail: message,
  ...details,
});

/**
 * The body of a request. It must have exactly `length` bytes, so that no client can fill the memory.
 *
 * @throws Refusal when it has another length or ends early.
 */
export async function readBody(request: IncomingMessage, length: number): Promise<Uint8Array> {
  if (request.headers['content-type'] !== 'application/octet-stream') {
    throw new Refusal(415, 'The body must be application/octet-stream.');
  }
  const declared = request.headers['content-length'];
  if (declared === undefined) throw new Refusal(411, 'The request needs a Content-Length.');
  if (Number(declared) !== length) {
    throw new Refusal(
      Number(declared) > length ? 413 : 400,
      `The body must have ${length} bytes, not ${declared}.`,
    );
  }
  const body = Buffer.allocUnsafe(length);
  let at = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunk.copy(body, at);
      at += chunk.length;
    }
  } catch {
    throw new Refusal(400, 'The request ended before its body was complete.');
  }
  return body;
}
