/**
 * Many clients of the editor's server at once: `node --import tsx bench/server-load.ts [REQUESTS]`. Sixty-four connections
 * ask for predictions, edits of whole photos and the page, and break uploads off; others send a letter of a request a second.
 * On the way the process that computes is killed once. Shows how requests were answered and after how long, and the memory of
 * both processes, and ends with status 1 where the server's grows, it fails, closes a connection without an answer, or does not let
 * the slow clients go.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { inputBytes } from '../src/editor/wire.ts';
import { table } from '../src/train/plan.ts';
import { tinyEditor } from '../test/editor/tiny-editor.ts';

const REQUESTS = Number(process.argv[2] ?? 10_000);
const CONNECTIONS = 64;
const SLOW_CLIENTS = 32;
/** A client that is told that the server is busy asks again after so long. */
const RETRY_MS = 100;
const ROWS = 10;
const BROKEN_OFF = 'broken off by the client';
/** Code is compiled and allocators settle first. Shorter runs do not tell whether memory grows. */
const WARM_UP = 3_000;
/** What resident memory of the server may grow by after that. */
const MOST_GROWTH_MB = 32;

interface Served {
  readonly url: string;
  readonly resolution: number;
}

async function serve(): Promise<void> {
  const { url, config } = await tinyEditor();
  process.send!({ url, resolution: config.resolution } satisfies Served);
}

/** Gives the status of the answer, or the code of the error. */
function ask(
  url: URL,
  agent: Agent,
  headers: Record<string, string>,
  body?: Uint8Array,
  sent = body?.length,
) {
  return new Promise<string>((resolve) => {
    const method = body ? 'POST' : 'GET';
    const length = body ? { 'Content-Length': String(body.length) } : {};
    const request = httpRequest(url, { agent, method, headers: { ...headers, ...length } }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', () => resolve('broken off by the server'));
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    if (sent === body?.length) request.end(body);
    else request.write(body!.subarray(0, sent), () => request.destroy(new Error(BROKEN_OFF)));
  });
}

/** Sends requests a letter a second, again and again. @returns how often the server let it go. */
async function slowClient({ hostname, port }: URL, ends: () => boolean): Promise<number> {
  let letGo = 0;
  while (!ends()) {
    const socket = connect(Number(port), hostname)
      .on('error', () => {})
      .resume();
    for (const letter of 'GET / HTTP/1.1') {
      if (socket.destroyed || ends()) break;
      socket.write(letter);
      await setTimeout(1000);
    }
    if (socket.destroyed) letGo += 1;
    socket.destroy();
  }
  return letGo;
}

/** 0 where the process is just being started again. */
function residentMegabytes(pid: number): number {
  const status = pid === 0 ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}
/** The last one; 0: none. */
const childOf = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').at(-1));

async function load(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  const pid = server.pid!;
  const [{ url, resolution }] = (await once(server, 'message')) as [Served];
  const png = async (colour: string, middle = colour) => {
    const of = (side: number, background: string) =>
      sharp({ create: { width: side, height: side, channels: 3, background } })
        .png()
        .toBuffer();
    const inner = { input: await of(32, middle) };
    return (
      await sharp(await of(96, colour))
        .composite([inner])
        .png()
        .toBuffer()
    ).toString('base64');
  };
  const edit = Buffer.from(JSON.stringify({ photo: await png('grey'), mask: await png('black', 'white') }));
  const input = new Uint8Array(inputBytes(resolution, false));
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const json = { 'Content-Type': 'application/json' };
  const octets = { 'Content-Type': 'application/octet-stream' };
  const answers = new Map<string, number>();
  /** Of requests that were answered, ms, from when the client first asked. */
  const latencies: { readonly kind: string; readonly ms: number }[] = [];
  const rows: (readonly [requests: number, server: number, engine: number])[] = [];
  const begin = performance.now();
  let begun = 0;
  const client = async (page: number) => {
    const predict = (sent?: number) =>
      ask(new URL('/api/predict', url), agent, { ...octets, 'X-Editor-Page': String(page) }, input, sent);
    const kinds = [
      ['an upload that breaks off', () => predict(1000)],
      ['the page', () => ask(new URL(url), agent, {})],
      ['the edit of a photo', () => ask(new URL('/api/v1/edit', url), agent, json, edit)],
      ['a prediction', () => predict()],
      ['a prediction', () => predict()],
    ] as const;
    while (begun < REQUESTS) {
      const number = begun++;
      if (number === Math.floor(0.55 * REQUESTS)) process.kill(childOf(pid), 'SIGKILL');
      if (number % Math.ceil(REQUESTS / ROWS) === 0)
        rows.push([number, residentMegabytes(pid), residentMegabytes(childOf(pid))]);
      const [kind, send] = kinds[number % kinds.length];
      const asked = performance.now();
      for (let answer = '503'; answer === '503'; ) {
        answer = await send();
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        if (answer === '503') await setTimeout(RETRY_MS);
        if (answer === '200') latencies.push({ kind, ms: performance.now() - asked });
      }
    }
  };
  let over = false;
  const slow = Array.from({ length: SLOW_CLIENTS }, () => slowClient(new URL(url), () => over));
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, page) => client(page)));
  over = true;
  const letGo = (await Promise.all(slow)).reduce((sum, count) => sum + count, 0);
  agent.destroy();
  const seconds = (performance.now() - begin) / 1000;
  rows.push([REQUESTS, residentMegabytes(pid), residentMegabytes(childOf(pid))]);
  server.kill();
  for (const line of table(
    ['requests', 'server, MB', 'engine, MB'],
    rows.map((row) => row.map((n) => n.toFixed(0))),
  ))
    console.log(line);
  const cells = [...new Set(latencies.map(({ kind }) => kind))].map((kind) => {
    const sorted = latencies.flatMap((one) => (one.kind === kind ? one.ms : [])).sort((a, b) => a - b);
    const share = (part: number) => `${sorted[Math.floor(part * (sorted.length - 1))].toFixed(0)}`;
    return [kind, `${sorted.length}`, share(0.5), share(0.95), share(1)];
  });
  for (const line of table(['answered', 'how often', 'median, ms', '95 %, ms', 'most, ms'], cells))
    console.log(line);
  const warm = rows.filter(([count]) => count >= WARM_UP).map(([, resident]) => resident);
  const growth = Math.max(...warm) - warm[0];
  const told = [...answers].map(([answer, count]) => `${count} times ${answer}`).join(', ');
  const memory =
    warm.length > 1
      ? `The server's resident memory grew by at most ${growth.toFixed(0)} MB after the first ${WARM_UP} (bound: ${MOST_GROWTH_MB} MB).`
      : `More than ${WARM_UP} requests would show whether memory grows.`;
  console.log(
    `${REQUESTS} requests over ${CONNECTIONS} connections in ${seconds.toFixed(0)} s: ${told}. ${memory} ` +
      `${SLOW_CLIENTS} slow clients were let go ${letGo} times.`,
  );
  const failed = [...answers.keys()].some((answer) => !['200', '503', BROKEN_OFF].includes(answer));
  if (growth > MOST_GROWTH_MB || failed || letGo === 0) process.exitCode = 1;
}

await (process.argv[2] === 'serve' ? serve() : load());
