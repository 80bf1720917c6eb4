/** Answers to HTTP requests, with the headers that every one of them has. */
import { createReadStream } from 'node:fs';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { securityHeaders } from './security.ts';

/** What GET answers: bytes in memory, or a large file that was chosen when the server started. */
export type Asset = { readonly type: string } & (
  | { readonly body: Uint8Array }
  | { readonly path: string; readonly bytes: number }
);

export function send(
  response: ServerResponse,
  status: number,
  asset: Asset,
  headers: OutgoingHttpHeaders = {},
): void {
  // The client may have gone, or its request have been answered with a refusal.
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...securityHeaders,
    'Content-Type': asset.type,
    'Content-Length': 'body' in asset ? asset.body.length : asset.bytes,
    'Cache-Control': 'no-store',
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
