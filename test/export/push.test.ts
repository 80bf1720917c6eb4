/** Exports go to a stand-in of the hub, which answers as huggingface.co does. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type PushOptions, pushModel } from '../../src/export/push.ts';

const TOKEN = 'hf_right';
const FILES: Readonly<Record<string, string>> = {
  'README.md': '---\nlicense: mit\n---\n',
  'config.json': '{}',
  'onnx/pipeline.onnx': 'weights',
};
const folder = mkdtempSync(join(tmpdir(), 'push-'));
let server: Server;
let hub: string;
/** What the hub has: who sees each repository, and the files of its last commit. */
let repositories: Map<string, { visibility: string; files: Record<string, string> }>;

/** Files whose content does not go into a commit itself, as weights. */
const isLarge = (path: string): boolean => path.endsWith('.onnx');

type Answer = readonly [status: number, body: object];

/** The hub's API as far as an upload needs it. */
function answer(url: string, body: Buffer, stored: Map<string, string>): Answer {
  const repository = repositories.get(/^\/(?:api\/models\/)?(me\/\w+)/.exec(url)?.[1] ?? '');
  const json = () => JSON.parse(`${body}`);
  if (url === '/api/whoami-v2') return [200, { type: 'user', name: 'me', orgs: [{ name: 'us' }], auth: {} }];
  if (url === '/api/repos/create') {
    const { name, organization, visibility } = json();
    if (organization !== 'me') return [403, { error: `You don't have the rights of ${organization}` }];
    if (repositories.has(`me/${name}`)) return [409, { error: 'You already created this model repo' }];
    repositories.set(`me/${name}`, { visibility, files: {} });
    return [200, { url: `${hub}/me/${name}`, id: '1' }];
  }
  if (!repository) return [404, { error: 'Repository not found' }];
  if (url.endsWith('/preupload/main'))
    return [
      200,
      {
        files: json().files.map(({ path }: { path: string }) => ({
          path,
          uploadMode: isLarge(path) ? 'lfs' : 'regular',
        })),
      },
    ];
  if (url.endsWith('.git/info/lfs/objects/batch'))
    return [
      200,
      {
        transfer: 'basic',
        objects: json().objects.map(({ oid, size }: { oid: string; size: number }) => ({
          oid,
          size,
          actions: { upload: { href: `${hub}/store/${oid}` } },
        })),
      },
    ];
  const lines = `${body}`.split('\n').map((line) => JSON.parse(line));
  repository.files = Object.fromEntries(
    lines
      .filter(({ key }) => key !== 'header')
      .map(({ value: { path, content, oid } }) => [
        path,
        content === undefined ? stored.get(oid) : `${Buffer.from(content, 'base64')}`,
      ]),
  );
  return [200, { success: true, commitOid: '2', commitUrl: `${hub}/commit/2` }];
}

beforeAll(async () => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const stored = new Map<string, string>();
  server = createServer(async (request, response) => {
    const { url = '', method, headers } = request;
    const body = await buffer(request);
    const send = ([status, content]: Answer) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(content));
    if (method === 'PUT') {
      stored.set(createHash('sha256').update(body).digest('hex'), `${body}`);
      send([200, {}]);
    } else if (headers.authorization === `Bearer ${TOKEN}`) send(answer(url, body, stored));
    else send([401, { error: 'Invalid credentials in Authorization header' }]);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  repositories = new Map();
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const push = (change: Partial<PushOptions> = {}): Promise<string> =>
  pushModel({ folder, to: 'me/faces', token: TOKEN, hub, ...change });

it('makes a private repository with every file of the export', async () => {
  expect(await push()).toBe(`${hub}/me/faces`);
  expect(repositories.get('me/faces')).toEqual({ visibility: 'private', files: FILES });
});

it('makes a public one where that is asked for', async () => {
  await push({ visibility: 'public' });
  expect(repositories.get('me/faces')?.visibility).toBe('public');
});

it('leaves a repository that exists as visible as it is', async () => {
  repositories.set('me/faces', { visibility: 'public', files: {} });
  await push();
  expect(repositories.get('me/faces')).toEqual({ visibility: 'public', files: FILES });
});

it.each<[string, Partial<PushOptions>, RegExp]>([
  ['no token', { token: undefined }, /access token[\s\S]*HF_TOKEN[\s\S]*got: +nothing/],
  ['no token of the hub', { token: 'ghp_1' }, /HF_TOKEN[\s\S]*begins with hf_[\s\S]*something else/],
  [
    'a wrong token',
    { token: 'hf_wrong' },
    /does not accept the token[\s\S]*HF_TOKEN[\s\S]*Invalid credentials/,
  ],
  ['another user', { to: 'you/faces' }, /write there[\s\S]*--to you\/faces[\s\S]*me\/NAME, us\/NAME/],
  ['no name', { to: 'faces' }, /--to[\s\S]*USER\/NAME[\s\S]*got: +faces/],
  [
    'no folder',
    { folder: '/nowhere' },
    /no export for the hub[\s\S]*no README\.md[\s\S]*--format huggingface/,
  ],
  ['no network', { hub: 'http://127.0.0.1:9' }, /cannot be reached[\s\S]*HF_ENDPOINT/],
])('tells of %s', async (_, change, message) => {
  const error = await push(change).catch((one: Error) => one);
  expect(error).toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
  expect(repositories.size).toBe(0);
});
