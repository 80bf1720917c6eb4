/** Answers to HTTP requests, with the headers that every one of them has. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { securityHeaders } from './security.ts';

export interface Asset {
  readonly type: string;
  readonly body: Uint8Array;
}

export function send(
  response: ServerResponse,
  status: number,
  { type, body }: Asset,
  headers: OutgoingHttpHeaders = {},
) {
  // The client may have gone, or its request have been answered with a refusal.
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...securityHeaders,
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...headers,
  });
  const isHead = response.req.method === 'HEAD';
  response.end(isHead ? undefined : body);
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

/** A request that cannot be served, with what the client is told. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}
