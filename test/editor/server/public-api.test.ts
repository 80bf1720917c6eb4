import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EditedPhoto, PhotoEdit } from '../../../src/editor/native/edit-photo.ts';
import { EngineStopped } from '../../../src/editor/native/engine.ts';
import { LatestOnly } from '../../../src/editor/server/api.ts';
import { publicApi } from '../../../src/editor/server/public-api.ts';
import { startServer } from '../../../src/editor/server/server.ts';
import { UserError } from '../../../src/runtime/errors.ts';
import { about } from '../about.ts';

const token = 'a-token-of-a-test';
const faces = [
  { x: 1, y: 2, size: 3 },
  { x: 5, y: 2, size: 3 },
];
const done: EditedPhoto = {
  result: Uint8Array.of(1, 2, 3),
  refinedSketches: [],
  faces,
  face: 2,
  warnings: ['“odd”'],
};

type Engine = Parameters<typeof publicApi>[0]['engines'][0];

/** A server for one test. */
async function start(...how: Parameters<typeof serve>) {
  const served = await serve(...how);
  onTestFinished(served.close);
  return served;
}

/** A server whose model takes everything, and answers as it is told. */
async function serve(
  edit: (edit: PhotoEdit) => Promise<EditedPhoto>,
  needed?: string,
  others: Engine[] = [],
) {
  const defects: unknown[] = [];
  const onError = (error: unknown) => defects.push(error);
  const controls = ['sketch', 'l', 'colour'] as const;
  const model = {
    model: { name: 'test', method: 'test', resolution: 16, controls, refinedSketch: true, about },
    edges: { size: 16, threshold: 0.1, minimumSize: 5 },
    edgePadding: 0,
    cache: '',
  };
  const { server, port } = await startServer({
    host: '127.0.0.1',
    port: 0,
    assets: () => undefined,
    handlers: new Map(),
    publicApi: publicApi({
      engines: [{ model, edit }, ...others],
      queue: new LatestOnly(),
      token: needed,
      onError,
    }),
    onError,
  });
  return { close: () => void server.close(), url: `http://127.0.0.1:${port}/api/v1`, port, server, defects };
}

const form = (fields: Record<string, string | Blob> = {}) => {
  const data = new FormData();
  for (const [name, value] of Object.entries({ photo: new Blob(['p']), mask: new Blob(['m']), ...fields }))
    data.append(name, value);
  return data;
};
const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${url}/edit`, { method: 'POST', body, headers });
const json = { 'Content-Type': 'application/json' };

it('hands over what a form says, with defaults for what it does not', async () => {
  const edits: PhotoEdit[] = [];
  const { url } = await start(async (edit) => {
    edits.push(edit);
    return done;
  });
  const png = await post(url, form());
  expect([png.status, png.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect([...new Uint8Array(await png.arrayBuffer())]).toEqual([1, 2, 3]);
  expect(png.headers.get('edit-warnings')).toBe('["\\u201codd\\u201d"]');
  expect(JSON.parse(png.headers.get('edit-warnings')!)).toEqual(done.warnings);
  const all = { sketch: new Blob(['s']), colour: new Blob(['c']) };
  const choices = { l: '0.25', maskHole: 'black', face: '2', detail: 'false', refinedSketch: 'true' };
  const answer = await post(url, form({ ...all, ...choices }), { Accept: 'application/json' });
  expect(await answer.json()).toEqual({
    result: 'AQID',
    refinedSketches: [],
    faces,
    face: 2,
    warnings: done.warnings,
  });
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));
  const files = { photo: bytes('p'), mask: bytes('m') };
  expect(edits).toEqual([
    { ...files, l: 0.5, maskHole: 'white', region: 'hole', detail: true, refinedSketch: false },
    {
      ...files,
      sketch: bytes('s'),
      colour: bytes('c'),
      l: 0.25,
      maskHole: 'black',
      region: 'face',
      face: 2,
      detail: false,
      refinedSketch: true,
    },
  ]);
});

it('asks the model that an edit names, and tells of all', async () => {
  const controls = ['sketch'] as const;
  const asked: PhotoEdit[] = [];
  const plain: Engine = {
    model: {
      model: { name: 'plain', method: 'other', resolution: 8, controls, refinedSketch: false, about },
      edges: { size: 16, threshold: 0.1, minimumSize: 5 },
      edgePadding: 0,
      cache: '',
    },
    edit: async (edit) => {
      asked.push(edit);
      return { ...done, result: Uint8Array.of(4) };
    },
  };
  const { url } = await start(async () => done, undefined, [plain]);
  const bytesOf = async (answer: Response) => [...new Uint8Array(await answer.arrayBuffer())];
  expect(await bytesOf(await post(url, form({ model: 'test' })))).toEqual([1, 2, 3]);
  expect(await bytesOf(await post(url, form({ model: 'plain' })))).toEqual([4]);
  const file = Buffer.from('a').toString('base64');
  const body = JSON.stringify({ photo: file, mask: file, model: 'plain' });
  expect(await bytesOf(await post(url, body, json))).toEqual([4]);
  expect(asked).toHaveLength(2);
  expect(asked[0]).not.toHaveProperty('model');
  expect(await (await post(url, form({ model: 'plain', l: '0.5' }))).json()).toMatchObject({
    status: 422,
    where: 'l',
    expected: 'photo, mask, sketch',
  });
  expect(await (await post(url, form({ model: 'gone' }))).json()).toMatchObject({
    status: 400,
    where: 'model',
    expected: 'test or plain',
    got: 'gone',
  });
  const model = await (await fetch(`${url}/model`)).json();
  expect(model).toMatchObject({ name: 'test', resolution: 16 });
  expect(model.models).toMatchObject([{ name: 'test' }, { name: 'plain', method: 'other', controls }]);
  const { info, paths } = await (await fetch(`${url}/openapi.json`)).json();
  expect(info.description).toContain('test (test) or plain (other)');
  const { schema } = paths['/api/v1/edit'].post.requestBody.content['multipart/form-data'];
  expect(schema.properties.model.description).toContain('the first by default');
});

it('needs the token where there is one, for all that concerns the model', async () => {
  const { url } = await start(async () => done, token);
  const status = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const method = path === '/edit' ? 'POST' : 'GET';
    return (await fetch(url + path, { headers, method, ...(path === '/edit' && { body: form() }) })).status;
  };
  for (const path of ['/edit', '/model']) {
    expect(await status(path)).toBe(401);
    for (const wrong of ['Bearer wrong', `Bearer ${token}x`, `Basic ${token}`, 'Bearer', `Bearer ${token} x`])
      expect(await status(path, wrong)).toBe(401);
    expect(await status(path, `Bearer ${token}`)).toBe(200);
  }
  for (const path of ['/health', '/docs', '/docs.css', '/openapi.json']) expect(await status(path)).toBe(200);
  const refused = await fetch(`${url}/model`);
  expect(refused.headers.get('www-authenticate')).toContain('Bearer');
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({
    status: 401,
    where: 'Authorization',
    expected: 'Bearer TOKEN',
  });
  const described = await (await fetch(`${url}/openapi.json`)).json();
  expect(described.paths['/api/v1/edit'].post.security).toEqual([{ token: [] }]);
});

describe('a wrong request', () => {
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    server = await serve(async () => done);
  });
  afterAll(() => server.close());
  const text = Buffer.from('a').toString('base64');
  it.each<[string, BodyInit, Record<string, string>, number, object]>([
    [
      'a text for a file',
      form({ photo: 'photo.jpg' }),
      {},
      400,
      { where: 'photo', got: 'the text “photo.jpg”' },
    ],
    ['a number that is none', form({ l: 'half' }), {}, 400, { where: 'l', got: 'the text “half”' }],
    ['an empty file', form({ mask: new Blob([]) }), {}, 400, { where: 'mask', got: 'a file of 0 bytes' }],
    ['an empty text for a file', '{"photo":"","mask":""}', json, 400, { where: 'photo' }],
    ['an empty number', form({ l: '' }), {}, 400, { where: 'l', got: 'the text “”' }],
    ['a number too large', form({ l: '1.1' }), {}, 400, { where: 'l' }],
    ['a face of no number', form({ face: '0' }), {}, 400, { where: 'face' }],
    ['a word that is no choice', form({ region: 'hair' }), {}, 400, { where: 'region' }],
    ['an unknown field', form({ Sketch: new Blob(['s']) }), {}, 400, { where: 'Sketch' }],
    ['no mask', `{"photo":"${text}"}`, json, 400, { where: 'mask', detail: 'A field is missing.' }],
    [
      'what is no base64',
      `{"photo":"a b","mask":"${text}"}`,
      json,
      400,
      { where: 'photo', fix: 'send one file, in base64' },
    ],
    ['a text for a number', `{"photo":"${text}","mask":"${text}","l":"1"}`, json, 400, { where: 'l' }],
    ['half an object', '{"photo":', json, 400, { where: 'the body, or its Content-Type' }],
    ['a list', '[1]', json, 400, { detail: 'The body has no fields.' }],
    ['nothing', 'null', json, 400, { detail: 'The body has no fields.' }],
    ['a form without boundary', 'image', { 'Content-Type': 'multipart/form-data' }, 400, {}],
    [
      'a form of a page',
      'image=a',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      415,
      { where: 'Content-Type' },
    ],
    ['no type', Buffer.from('a'), {}, 415, { got: 'no such header' }],
    ['S_gen as PNG', form({ refinedSketch: 'true' }), { Accept: 'image/png' }, 406, { where: 'Accept' }],
    ['another site’s page', form(), { 'Sec-Fetch-Site': 'cross-site' }, 403, {}],
  ])('is refused: %s', async (_, body, headers, status, problem) => {
    const { url, defects } = server;
    const answer = await post(url, body, headers);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ status, ...problem });
    expect(answer.status).toBe(status);
    expect(defects).toEqual([]);
  });
});

it('refuses bodies of no length or too large a one before they are sent', async () => {
  const { port } = await start(async () => done);
  const ask = async (length: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /api/v1/edit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return answer.toString().slice(0, 12);
  };
  expect(await ask('Content-Length: 67108865')).toBe('HTTP/1.1 413');
  expect(await ask('Transfer-Encoding: chunked')).toBe('HTTP/1.1 411');
});

it('tells what is wrong in the names of its own fields', async () => {
  const { url } = await start(async () => {
    throw new UserError('The mask has no hole.', {
      where: 'mask',
      fix: 'give --mask-hole black (in code maskHole: "black")',
    });
  });
  const answer = await post(url, form());
  expect([answer.status, await answer.json()]).toEqual([
    422,
    {
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'The mask has no hole.',
      where: 'mask',
      fix: 'give maskHole: "black"',
    },
  ]);
});

it('tells a computing process that ended from a defect, which only the terminal is told of', async () => {
  const stopped = await start(async () => {
    throw new EngineStopped('The process that computes ended (SIGKILL).');
  });
  expect((await post(stopped.url, form())).status).toBe(503);
  expect(stopped.defects).toEqual([]);
  const secret = new Error('a secret');
  const broken = await start(async () => {
    throw secret;
  });
  const answer = await post(broken.url, form());
  expect([answer.status, (await answer.text()).includes('secret')]).toEqual([500, false]);
  expect(broken.defects).toEqual([secret]);
});

it('knows no other address, method or name', async () => {
  const { url } = await start(async () => done);
  const status = async (path: string, method = 'GET') => (await fetch(url + path, { method })).status;
  expect(await status('/edit')).toBe(405);
  expect(await status('/model', 'DELETE')).toBe(405);
  expect(await status('/model', 'HEAD')).toBe(200);
  expect(await status('/edit/')).toBe(404);
  expect(await status('/../../package.json')).toBe(404);
  expect(await status('/%2e%2e/%2e%2e/package.json')).toBe(404);
});

it('computes one edit at a time, takes no more than it has room for, and forgets those whose clients go', async () => {
  let running = 0;
  let most = 0;
  let computed = 0;
  const open = new AbortController();
  const opened = once(open.signal, 'abort');
  const { url, server } = await start(async () => {
    running += 1;
    most = Math.max(most, running);
    await opened;
    running -= 1;
    computed += 1;
    return done;
  });
  let came = 0;
  let left = 0;
  server.on('request', (_, response: ServerResponse) => {
    came += 1;
    response.on('close', () => {
      if (!response.writableFinished) left += 1;
    });
  });
  const ask = (signal?: AbortSignal) =>
    fetch(`${url}/edit`, { method: 'POST', body: form(), ...(signal && { signal }) });
  const first = ask();
  await expect.poll(() => running).toBe(1);
  const leaving = new AbortController();
  const gone = ask(leaving.signal).catch(() => 'gone');
  const others = Array.from({ length: 6 }, () => ask());
  await expect.poll(() => came).toBe(8);
  expect((await ask()).status).toBe(503);
  leaving.abort();
  expect(await gone).toBe('gone');
  await expect.poll(() => left).toBe(1);
  open.abort();
  for (const answer of await Promise.all([first, ...others])) expect(answer.status).toBe(200);
  expect([most, computed]).toEqual([1, 7]);
});
