/** Whom the server answers, and what a browser may do with its pages. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback, loopbackNames } from '../loopback.ts';

/** What the page may load: its own files only. WebAssembly must be compiled for inference in the page. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export const securityHeaders = {
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'none'`,
  // Together these two give the page threads (SharedArrayBuffer).
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
} as const;

/**
 * Whether a request was meant for this server. A page of another site can make a browser send requests here by giving
 * its own name this address (DNS rebinding): then the Host header has a name that is not ours.
 *
 * @param host what the server was told to listen on.
 * @param allowed other names that the user has allowed.
 */
export function isOwnHost(
  header: string | undefined,
  host: string,
  allowed: readonly string[] = [],
): boolean {
  const bare = hostName(header);
  if (!bare) return false;
  if ([...loopbackNames, host, ...allowed].some((name) => name.toLowerCase() === bare)) return true;
  // Anybody can make a domain name point here, but nobody can do so with an IP address.
  return !isLoopback(host) && isIP(bare) !== 0;
}

/** The name in a Host header in lower case, without port and brackets; undefined where it is none. */
export function hostName(header: string | undefined): string | undefined {
  const name = header && /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.exec(header)?.[1];
  return name?.replace(/^\[|\]$/g, '').toLowerCase();
}

/** Whether a request that computes comes from our own page (or from a program that is no browser). */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  // A proxy in front of the server may speak https.
  return (
    headers.origin === undefined ||
    /^https?:\/\//.exec(headers.origin)?.[0] + String(headers.host) === headers.origin
  );
}
