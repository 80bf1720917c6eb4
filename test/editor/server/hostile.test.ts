import { once } from 'node:events';
import { Agent, request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { apiHandlers, LatestOnly } from '../../../src/editor/server/api.ts';
import { publicApi } from '../../../src/editor/server/public-api.ts';
import { startServer } from '../../../src/editor/server/server.ts';
import { faceFrame, inputBytes } from '../../../src/editor/wire.ts';
import { UserError } from '../../../src/runtime/errors.ts';
import { stream } from '../../../src/runtime/seed.ts';
import { about } from '../about.ts';

const resolution = 16;
const edgeSize = 16;

let server: Server;
let port: number;
const defects: unknown[] = [];

beforeAll(async () => {
  const controls = ['sketch', 'colour'] as const;
  const model = { name: 'named', method: 'dps', resolution, controls, refinedSketch: false, about };
  const edges = { size: edgeSize, threshold: 0.1, minimumSize: 5 };
  const area = resolution ** 2;
  const engine = {
    model: { model, edges, edgePadding: 0, cache: '' },
    predict: async () => ({ resolution, result: new Float32Array(3 * area) }),
    findEdges: async () => new Uint8Array(area),
    findFaces: async () => {
      throw new UserError('No face today.');
    },
    edit: async () => {
      throw new UserError('No photo today.');
    },
  };
  const large = { ...model, name: 'large, step 1', resolution: 32, controls: [] };
  const other = {
    ...engine,
    model: { ...engine.model, model: large },
    predict: async () => ({ resolution: 32, result: new Float32Array(3 * 32 ** 2) }),
  };
  const queue = new LatestOnly();
  const onError = (error: unknown) => defects.push(error);
  const prepareModel = async () => ({ url: 'model.onnx', bytes: 1 });
  const page = { type: 'text/html', body: Buffer.from('<p>page</p>') };
  ({ server, port } = await startServer({
    host: '127.0.0.1',
    port: 0,
    assets: (path) => (path === '/' ? page : undefined),
    handlers: apiHandlers({
      models: [
        { engine, prepareModel },
        { engine: other, prepareModel: async () => ({ url: 'model-2.onnx', bytes: 2 }) },
      ],
      queue,
    }),
    publicApi: publicApi({ engines: [engine], queue, token: undefined, onError }),
    onError,
  }));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

interface Answer {
  status: number;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: '127.0.0.1', method, path, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            body: Buffer.concat(chunks).toString('latin1'),
            headers: response.headers,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** What comes back for raw bytes: the first line of the answer, or nothing. */
function sendRaw(bytes: Uint8Array | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      socket.end();
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

const octets = { 'Content-Type': 'application/octet-stream' };
const input = (change: (floats: Float32Array) => void = () => {}): Uint8Array => {
  const floats = new Float32Array(inputBytes(resolution, true) / 4);
  change(floats);
  return new Uint8Array(floats.buffer);
};

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

describe('the server', () => {
  it('answers its own page, with headers that bind it', async () => {
    const page = await ask('GET', '/');
    expect([page.status, page.body]).toEqual([200, '<p>page</p>']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(page.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(page.headers['cross-origin-embedder-policy']).toBe('require-corp');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask('POST', '/api/predict', octets, input())).status).toBe(200);
    expect((await ask('POST', '/api/edges', octets, new Uint8Array(3 * edgeSize ** 2))).status).toBe(200);
    const face = await ask('POST', '/api/faces', octets, new Uint8Array(3 * faceFrame ** 2));
    expect([face.status, face.body]).toEqual([422, '{"error":"No face today."}']);
  });

  it('computes with the model that a request names', async () => {
    const predict = (query: string, body = input()) => ask('POST', `/api/predict${query}`, octets, body);
    const sideOf = ({ body }: Answer) => Buffer.from(body, 'latin1').readUInt32LE(0);
    expect(sideOf(await predict('?model=named'))).toBe(resolution);
    const large = new Uint8Array(inputBytes(32, false));
    expect(sideOf(await predict('?model=large%2C%20step%201', large))).toBe(32);
    // The length is that of the model's own input.
    expect((await predict('?model=large%2C+step+1')).status).toBe(400);
    const exported = await ask('POST', '/api/model?model=large,%20step%201', octets, new Uint8Array());
    expect(JSON.parse(exported.body)).toEqual({ url: 'model-2.onnx', bytes: 2 });
    for (const path of ['/api/predict', '/api/model'])
      for (const query of ['?model=', '?model=gone', '?model=__proto__', '?model=%'])
        expect((await ask('POST', path + query, octets, input())).status).toBe(404);
  });

  it.each([
    ['a name that was given its address (DNS rebinding)', { Host: 'evil.example' }, 421],
    ['a name that begins like its own', { Host: 'localhost.evil.example' }, 421],
    ['another address', { Host: '10.0.0.1' }, 421],
    ['another site’s page', { Host: 'localhost', Origin: 'https://evil.example' }, 403],
    ['a form of another site', { Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' }, 403],
  ])('refuses %s', async (_, headers, status) => {
    const answer = await ask('POST', '/api/predict', { ...octets, ...headers }, input());
    expect(answer.status).toBe(status);
  });

  it('says on a page why it does not answer to a name, and how it would', async () => {
    const html = { Accept: 'text/html,*/*', Host: 'tablet.lan:4321' };
    const named = await ask('GET', '/', html);
    expect([named.status, named.headers['content-type']]).toEqual([421, 'text/html; charset=utf-8']);
    expect(named.body).toContain('--allow-host tablet.lan.');
    expect((await ask('GET', '/', { ...html, Host: '192.168.1.5' })).body).toContain('--host 0.0.0.0.');
    expect((await ask('GET', '/', { ...html, Host: '<b>' })).body).not.toContain('<b>');
    const missing = await ask('GET', '/nothing', { Accept: 'text/html' });
    expect([missing.status, missing.body.includes('<p>There is nothing')]).toEqual([404, true]);
  });

  it.each([
    [
      'no length',
      '/api/predict',
      { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' },
      411,
    ],
    ['another type', '/api/predict', { 'Content-Type': 'text/plain' }, 415],
  ])('refuses a body with %s', async (_, path, headers, status) => {
    expect((await ask('POST', path, headers as never, input())).status).toBe(status);
  });

  it('wants strokes of colour of a model that takes them', async () => {
    const without = input().subarray(0, inputBytes(resolution, false));
    const answer = await ask('POST', '/api/predict', octets, without);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(`must have ${inputBytes(resolution, true)} bytes`);
  });

  it.each([
    [
      'strokes of colour that are not finite',
      (floats: Float32Array) => floats.fill(Number.POSITIVE_INFINITY, floats.length - 1),
    ],
    ['not finite', (floats: Float32Array) => floats.fill(Number.NaN, 5, 6)],
    ['l above 1', (floats: Float32Array) => floats.fill(1.5, 0, 1)],
    ['l below 0', (floats: Float32Array) => floats.fill(-0.1, 0, 1)],
  ])('refuses values: %s', async (_, change) => {
    expect((await ask('POST', '/api/predict', octets, input(change))).status).toBe(400);
  });

  it('stays up through 1,000 hostile requests, and leaks nothing', async () => {
    const random = stream(1, 'hostile requests');
    const paths = [
      '/../../../../etc/passwd',
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/package.json',
      '//etc/passwd',
      '/samples/../../package.json',
      '/samples/%00.png',
      '/.git/config',
      '/__proto__',
      '/constructor',
      '/editor.json/',
      '/index.html%00.js',
      '/api/predict/../../secret',
      'http://evil.example/',
      `/${'a'.repeat(8000)}`,
      `/?${'x=1&'.repeat(2000)}`,
      '/\\..\\..\\windows\\win.ini',
      '*',
    ];
    const kinds: (() => Promise<number | string>)[] = [
      async () => (await ask('GET', random.pick(paths.filter((path) => path.startsWith('/'))))).status,
      async () =>
        sendRaw(`GET ${random.pick(paths)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
      async () =>
        (
          await ask(
            random.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']),
            random.pick(['/', '/api/edges']),
          )
        ).status,
      // Bodies of wrong lengths, promised and sent.
      async () => (await ask('POST', '/api/predict', octets, new Uint8Array(random.integer(0, 5000)))).status,
      async () =>
        sendRaw(
          `POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 99999999999\r\n\r\n${'x'.repeat(3000)}`,
        ),
      async () =>
        sendRaw(
          `POST /api/edges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 768\r\n\r\nshort`,
        ),
      // What is no image decodes as some input or none.
      async () => {
        const noise = Uint8Array.from({ length: inputBytes(resolution, true) }, () => random.integer(0, 256));
        return (await ask('POST', '/api/predict', octets, noise)).status;
      },
      async () => sendRaw(Uint8Array.from({ length: random.integer(1, 400) }, () => random.integer(0, 256))),
      async () =>
        sendRaw(`GET / HTTP/1.1\r\nHost: localhost\r\n${`X-Filler: ${'y'.repeat(500)}\r\n`.repeat(50)}\r\n`),
      async () => sendRaw('GET / HTTP/1.1\r\n\r\n'),
      async () =>
        sendRaw(
          'POST /api/predict HTTP/1.1\r\nHost: localhost\r\nExpect: 200-maybe\r\nContent-Length: 5\r\n\r\nhello',
        ),
    ];
    const leaves = async () => {
      global.gc?.();
      return process.memoryUsage().heapUsed;
    };
    let before = 0;
    for (let batch = 0; batch < 50; batch++) {
      if (batch === 10) before = await leaves();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          random
            .pick(kinds)()
            .catch(() => 'closed'),
        ),
      );
      for (const answer of answers) expect(String(answer)).not.toMatch(/root:|"dependencies"|\[core\]/);
    }
    expect(defects).toEqual([]);
    expect((await ask('GET', '/')).status).toBe(200);
    expect((await ask('POST', '/api/predict', octets, input())).status).toBe(200);
    await expect.poll(connections).toBeLessThanOrEqual(1);
    // 800 requests that each kept their body, or a closure, would show.
    expect((await leaves()) - before).toBeLessThan(20e6);
  });

  it.each([
    ['/api/v1/edit', 'text/plain', 415],
    ['/api/predict', 'text/plain', 415],
    ['/api/predict', 'application/octet-stream', 400],
    ['/nowhere', 'text/plain', 404],
  ])('answers on over a connection whose request it refused: %s of %s', async (path, type, status) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let opened = 0;
    const count = () => {
      opened += 1;
    };
    server.on('connection', count);
    onTestFinished(() => void server.off('connection', count));
    /** @param late whether the body is sent when the answer has come. */
    const send = (late: boolean) =>
      new Promise((resolve, reject) => {
        const headers = { 'Content-Type': type, 'Content-Length': 4 };
        const request = httpRequest({ agent, port, host: '127.0.0.1', method: 'POST', path, headers });
        request.on('error', reject);
        request.on('response', (response) => {
          if (late) request.end('body');
          const { statusCode, headers } = response;
          response.resume().on('end', () => resolve([statusCode, headers['keep-alive']]));
        });
        if (late) request.flushHeaders();
        else request.end('body');
      });
    for (const late of [false, true, false]) expect(await send(late)).toEqual([status, 'timeout=5']);
    expect(opened).toBe(1);
    // Whoever keeps to that does not meet the end of an idle connection.
    expect(server.keepAliveTimeout).toBeGreaterThan(5_500);
    agent.destroy();
  });

  it('ends connections of clients that send slowly', async () => {
    const sockets = Array.from({ length: 40 }, () => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('POST /api/predict HTTP/1.1\r\nHost: loc'),
      );
      socket.on('error', () => {});
      return socket;
    });
    // As browsers open them before they need them.
    const unused = connect(port, '127.0.0.1');
    const [told, toldUnused] = [sockets[0], unused].map((socket) => text(socket));
    await expect.poll(connections).toBeGreaterThanOrEqual(41);
    expect((await ask('GET', '/')).status).toBe(200);
    await expect.poll(connections).toBeLessThanOrEqual(1);
    expect(await told).toMatch(/^HTTP\/1.1 408 /);
    // A browser would take it for the answer to what it sends just then.
    expect(await toldUnused).toBe('');
    for (const socket of sockets) socket.destroy();
  });

  it('ends uploads that stop half way, and goes on with what others ask', async () => {
    const { requestTimeout } = server;
    // Half a minute otherwise.
    server.requestTimeout = 1_000;
    // The last two are refused at once.
    const paths = ['/api/predict', '/api/edges', '/api/v1/edit', '/nowhere'];
    const ends = Array.from({ length: 30 }, (_, i) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          `POST ${paths[i % 4]} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n` +
            `Content-Length: ${i % 4 === 0 ? inputBytes(resolution, true) : 768}\r\n\r\nhalf`,
        ),
      );
      socket.resume();
      return once(socket, 'close');
    });
    expect((await ask('POST', '/api/predict', octets, input())).status).toBe(200);
    await Promise.all(ends);
    server.requestTimeout = requestTimeout;
    await expect.poll(connections).toBeLessThanOrEqual(1);
    expect((await ask('POST', '/api/predict', octets, input())).status).toBe(200);
    expect(defects).toEqual([]);
  });

  it('is used up by no client that only holds connections', async () => {
    let refused = 0;
    const sockets = Array.from({ length: 300 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => {
        refused += 1;
      });
      return socket;
    });
    await expect.poll(() => refused).toBeGreaterThanOrEqual(300 - 128);
    expect(await connections()).toBeLessThanOrEqual(128);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await ask('GET', '/').catch(() => ({ status: 0 }))).status).toBe(200);
  });
});
