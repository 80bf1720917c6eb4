import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import { RunFolder } from '../../src/core/run-folder.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { train } from '../../src/train/loop.ts';
import { MlflowLog, mlflowServer } from '../../src/train/mlflow.ts';
import { send } from '../../src/train/mlflow-request.ts';
import { makePlan } from '../../src/train/plan.ts';
import { trainRun } from '../../src/train/run.ts';
import { recorder, temporaryFolder } from '../data/support.ts';
import { FakeMethod } from './fake-method.ts';
import { FakeMlflow } from './mlflow-server.ts';
import { makePairs } from './pairs.ts';

// A training waits 15 s for a server that does not answer.
vi.setConfig({ testTimeout: 120_000 });

const folder = await temporaryFolder();
let server: FakeMlflow;
let reporter: ReturnType<typeof recorder>;
let run: RunFolder;
let count = 0;
beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('MLFLOW_')) vi.stubEnv(name, undefined);
  server = new FakeMlflow();
  await server.start();
  reporter = recorder();
  run = new RunFolder(join(folder, `0000${count++}-faces`));
  for (const path of [run.path, ...run.folders]) mkdirSync(path, { recursive: true });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const configOf = (...sets: string[]) =>
  readConfig('configs/smoke.yaml', [
    'output={logEvery: 1, samplesEvery: 4, checkpointMinutes: 60}',
    'runtime.peakFlops=1e9',
    `output.mlflow={url: ${server.url}, experiment: faces}`,
    ...sets,
  ]).config;

function open(...sets: string[]): MlflowLog {
  const config = configOf(...sets);
  const target = mlflowServer(config);
  if (!target) throw new Error('MLflow is off');
  return new MlflowLog(target, run, config, reporter);
}

/** Ends with the next warning. */
const nextWarning = () =>
  new Promise<void>((resolve) => {
    const { warn } = reporter;
    reporter.warn = (message) => {
      warn(message);
      resolve();
    };
  });

const valuesOf = (key: string) =>
  server.run.metrics.filter((metric) => metric.key === key).map(({ step, value }) => [step, value]);
const pathsAsked = () => server.requests.map(({ path }) => path);

describe('what arrives', () => {
  it('configuration, numbers by step and pictures, in as many requests as they need', async () => {
    const log = open();
    const many = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`a/number ${i}`, i]));
    for (const step of [1, 2, 3])
      log.scalars(step, { ...many, 'G,_l_=_1/loss': step / 2, broken: Number.NaN });
    log.picture(3, Buffer.from('a picture'));
    await log.close('FINISHED');
    expect(server.run).toMatchObject({
      name: run.path.split('/').at(-1),
      experiment: 'faces',
      status: 'FINISHED',
      ended: true,
    });
    expect(Object.fromEntries(server.run.params)).toMatchObject({
      'training.levels.0.batch': '4',
      method: 'dps',
      'output.mlflow.experiment': 'faces',
    });
    expect(valuesOf('G__l___1/loss')).toEqual([
      [1, 0.5],
      [2, 1],
      [3, 1.5],
    ]);
    expect(valuesOf('a/number 699')).toEqual([
      [1, 699],
      [2, 699],
      [3, 699],
    ]);
    expect(server.run.metrics).toHaveLength(3 * 701);
    expect(Object.fromEntries(server.run.artifacts)).toEqual({
      'samples/step-0000003.png': Buffer.from('a picture'),
    });
    expect(reporter.warnings).toEqual([]);
    expect(reporter.infos).toEqual([`MLflow: ${server.url}/#/experiments/1/runs/run1`]);
  });

  it('goes on in the run that the folder has logged into', async () => {
    const first = open();
    first.scalars(1, { loss: 1 });
    await first.close('KILLED');
    expect(server.run.status).toBe('KILLED');
    // Another configuration could not be logged: params cannot be changed.
    const second = open('output.keepCheckpoints=7');
    second.scalars(2, { loss: 2 });
    await server.until(() => server.run.metrics.length === 2);
    expect(server.run).toMatchObject({ status: 'RUNNING', ended: false });
    await second.close('FINISHED');
    expect(server.runs.size).toBe(1);
    expect(valuesOf('loss')).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(reporter.warnings).toEqual([]);
  });

  it('is a new run in another experiment, and where the server has lost it', async () => {
    await open().close('FINISHED');
    await open('output.mlflow.experiment=others').close('FINISHED');
    expect([...server.runs.values()].map(({ experiment }) => experiment)).toEqual(['faces', 'others']);
    server.runs.delete('run2');
    await open('output.mlflow.experiment=others').close('FINISHED');
    expect([...server.runs.values()].map(({ experiment }) => experiment)).toEqual(['faces', 'others']);
    expect(server.run.params.size).toBeGreaterThan(50);
  });

  it('is a new run where what the folder says of one is damaged, and is told where it cannot say so', async () => {
    const note = join(run.path, 'mlflow.json');
    writeFileSync(note, '{');
    await open().close('FINISHED');
    expect(JSON.parse(readFileSync(note, 'utf8'))).toMatchObject({ id: 'run1', url: server.url });
    rmSync(note);
    mkdirSync(note);
    await open().close('FINISHED');
    expect(server.run.status).toBe('FINISHED');
    expect([...server.runs.keys()]).toEqual(['run1', 'run2']);
    expect(reporter.warnings).toEqual([expect.stringMatching(/^A resumed training will be another run/)]);
  });

  it('is in an experiment that another training has made meanwhile', async () => {
    await open().close('FINISHED');
    rmSync(join(run.path, 'mlflow.json'));
    let asked = 0;
    server.instead = (path) => (path.endsWith('get-by-name') && asked++ === 0 ? 404 : undefined);
    await open().close('FINISHED');
    expect(asked).toBe(2);
    expect([...server.runs.values()].map(({ experiment }) => experiment)).toEqual(['faces', 'faces']);
    expect(reporter.warnings).toEqual([]);
  });

  it('has names and values as short as the server takes them, and nothing comes after the end', async () => {
    server.artifactRoot = 'mlflow-artifacts://elsewhere:5000';
    const log = open(`data.cache=/${'x'.repeat(600)}`);
    log.scalars(1, { ['n'.repeat(300)]: 1 });
    log.picture(2, Buffer.from('a picture'));
    await log.close('FINISHED');
    expect(server.run.params.get('data.cache')).toBe(`/${'x'.repeat(499)}`);
    expect(server.run.metrics.map(({ key }) => key)).toEqual(['n'.repeat(250)]);
    expect([...server.run.artifacts.keys()]).toEqual(['samples/step-0000002.png']);
    expect(reporter.warnings).toEqual([]);
    const { length } = server.requests;
    log.scalars(2, { loss: 1 });
    log.picture(2, Buffer.from('a picture'));
    await new MlflowLog({ url: server.url, experiment: 'faces' }, run, configOf(), reporter).close(
      'FINISHED',
    );
    expect(server.run.metrics).toHaveLength(1);
    expect(server.requests.slice(length).map(({ path }) => path)).toEqual([
      'mlflow/runs/update',
      'mlflow/runs/update',
    ]);
  });

  it('is sent by a training, which resumes in the same run', async () => {
    const config = configOf();
    const data = await makePairs(join(folder, 'pairs'), 7);
    const method = new FakeMethod([6]);
    const plan = makePlan(method, data.samples.train.length);
    const job = { config, method, data, plan, run, reporter };
    const end = await train({ ...job, maxSteps: 2 });
    expect(server.run.status).toBe('KILLED');
    await train({ ...job, from: await readCheckpoint(end.checkpoint) });
    method.dispose();
    expect(server.runs.size).toBe(1);
    expect(server.run.status).toBe('FINISHED');
    expect(valuesOf('stage_1/difference').map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...server.run.artifacts.keys()]).toEqual(
      readdirSync(run.samples)
        .sort()
        .map((name) => `samples/${name}`),
    );
    expect([...server.run.artifacts.values()].at(-1)).toEqual(
      readFileSync(join(run.samples, 'step-0000006.png')),
    );
    expect(reporter.warnings).toEqual([]);
  });
});

describe('a server', () => {
  it('that is down is warned of once, and gets everything when it is there', async () => {
    await server.stop();
    const warned = nextWarning();
    const log = open();
    for (let step = 1; step <= 3; step++) log.scalars(step, { loss: step });
    await warned;
    await server.start();
    await server.until(() => server.run?.metrics.length === 3);
    await log.close('FINISHED');
    expect(valuesOf('loss')).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(reporter.warnings).toEqual([
      expect.stringMatching(/cannot be reached: ECONNREFUSED\. Training goes on/),
    ]);
    expect(reporter.infos).toContainEqual(expect.stringMatching(/answers again/));
  });

  it('in trouble of its own is tried again', async () => {
    let failures = 2;
    server.instead = (path, { metrics }) =>
      path.endsWith('log-batch') && metrics && failures-- > 0 ? 503 : undefined;
    const log = open();
    log.scalars(1, { loss: 1 });
    await server.until(() => failures < 2);
    log.scalars(2, { loss: 2 });
    await log.close('FINISHED');
    expect(valuesOf('loss')).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(server.run.status).toBe('FINISHED');
    expect(reporter.warnings).toEqual([expect.stringMatching(/503 told to answer 503/)]);
  });

  it.each([408, 425, 429, 500])('that answers %d once is tried again', async (status) => {
    let failures = 1;
    server.instead = (path) => (path.endsWith('log-batch') && failures-- > 0 ? status : undefined);
    const warned = nextWarning();
    const log = open();
    await warned;
    await log.close('FINISHED');
    expect(server.run.params.size).toBeGreaterThan(50);
    expect(server.run.status).toBe('FINISHED');
    expect(reporter.warnings).toEqual([
      expect.stringContaining(`${status} told to answer ${status}. Training`),
    ]);
  });

  it('that is a web page is none yet', async () => {
    server.instead = () => 'page';
    const warned = nextWarning();
    const log = open();
    log.scalars(1, { loss: 1 });
    await warned;
    server.instead = () => undefined;
    await log.close('FINISHED');
    expect(valuesOf('loss')).toEqual([[1, 1]]);
    expect(reporter.warnings).toEqual([expect.stringContaining('something else than JSON: <html>')]);
    expect(reporter.infos[0]).toBe('MLflow is tried for 15 s more.');
  });

  it('that is away for long gets the newest: 200,000 numbers and 16 pictures', async () => {
    await server.stop();
    const warned = nextWarning();
    const log = open();
    await warned;
    const many = Object.fromEntries(Array.from({ length: 100_001 }, (_, i) => [`${i}`, i]));
    for (const step of [1, 2]) log.scalars(step, many);
    for (let step = 1; step <= 20; step++) log.picture(step, Buffer.from(`${step}`));
    await server.start();
    await log.close('FINISHED');
    expect(server.run.metrics).toHaveLength(200_000);
    expect(server.run.metrics[0]).toMatchObject({ key: '2', step: 1 });
    expect(server.run.artifacts.size).toBe(16);
    expect([...server.run.artifacts.values()][0].toString()).toBe('5');
    expect(reporter.warnings[1]).toMatch(/^More than 200000 numbers wait/);
    expect(reporter.warnings).toHaveLength(2);
  });

  it('that refuses to go on with a run is asked no more', async () => {
    await open().close('FINISHED');
    server.instead = () => 403;
    const warned = nextWarning();
    const log = open();
    await warned;
    log.scalars(1, { loss: 1 });
    await log.close('FINISHED');
    expect(reporter.warnings).toEqual([expect.stringMatching(/refuses the run.*403/)]);
    expect(server.runs.size).toBe(1);
    expect(server.run.metrics).toEqual([]);
  });

  it('that refuses the end is not asked again', async () => {
    server.instead = (path) => (path.endsWith('runs/update') ? 400 : undefined);
    await open().close('FINISHED');
    expect(pathsAsked().filter((path) => path.endsWith('runs/update'))).toHaveLength(1);
    expect(reporter.warnings).toEqual([expect.stringMatching(/refuses some.*400/)]);
  });

  it('that refuses the run is asked no more', async () => {
    server.instead = () => 401;
    const warned = nextWarning();
    const log = open();
    log.scalars(1, { loss: 1 });
    await warned;
    for (let step = 2; step <= 5; step++) log.scalars(step, { loss: step });
    await log.close('FINISHED');
    expect(reporter.warnings).toEqual([expect.stringMatching(/refuses the run.*401/)]);
    expect(server.requests).toHaveLength(1);
  });

  it('that refuses some of it gets the rest', async () => {
    server.instead = (path) => (path.startsWith('mlflow-artifacts') ? 403 : undefined);
    const log = open();
    for (const step of [1, 2]) {
      log.picture(step, Buffer.from('x'));
      log.scalars(step, { loss: step });
    }
    await log.close('FINISHED');
    expect(valuesOf('loss')).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(server.run.status).toBe('FINISHED');
    expect(reporter.warnings).toEqual([expect.stringMatching(/refuses some.*403/)]);
  });

  it('that keeps artifacts elsewhere gets no pictures', async () => {
    server.artifactRoot = 's3://bucket';
    const log = open();
    for (const step of [1, 2]) log.picture(step, Buffer.from('x'));
    await log.close('FINISHED');
    expect(pathsAsked().filter((path) => path.startsWith('mlflow-artifacts'))).toEqual([]);
    expect(reporter.warnings).toEqual([expect.stringMatching(/keeps artifacts at s3/)]);
  });

  it('that never answers holds up no training, and its end for a while only', async () => {
    server.instead = () => 'hang';
    const data = await makePairs(join(folder, 'pairs-2'), 7);
    const method = new FakeMethod([5]);
    const plan = makePlan(method, data.samples.train.length);
    const end = await train({ config: configOf(), method, data, plan, run, reporter });
    method.dispose();
    expect(end).toMatchObject({ step: 5, complete: true });
    expect(readFileSync(run.log, 'utf8').trim().split('\n')).toHaveLength(5);
    expect(reporter.warnings).toEqual([
      expect.stringMatching(/\d+ numbers and 2 pictures have not reached MLflow/),
    ]);
  });
});

describe('where it is', () => {
  const off = { output: { mlflow: undefined } } as unknown as Parameters<typeof mlflowServer>[0];
  const on = (mlflow: object) => ({ output: { mlflow } }) as unknown as typeof off;

  it('is in the configuration or the environment; without either there is none', () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', 'https://mlflow.example/base/');
    expect(mlflowServer(off)).toBe(undefined);
    expect(mlflowServer(on({}))).toEqual({
      url: 'https://mlflow.example/base',
      experiment: 'deep-plastic-surgery',
    });
    vi.stubEnv('MLFLOW_EXPERIMENT_NAME', 'mine');
    expect(mlflowServer(on({ url: 'http://a' }))).toEqual({ url: 'http://a', experiment: 'mine' });
    expect(mlflowServer(on({ url: 'http://a//', experiment: 'own' }))).toEqual({
      url: 'http://a',
      experiment: 'own',
    });
    expect(() => mlflowServer(on({ url: 'to http://a' }))).toThrow(/where: +output\.mlflow\.url/);
    vi.stubEnv('MLFLOW_TRACKING_URI', undefined);
    expect(() => mlflowServer(on({}))).toThrow(/MLFLOW_TRACKING_URI[\s\S]*got: +nothing/);
    vi.stubEnv('MLFLOW_TRACKING_URI', 'sqlite:///mlflow.db');
    expect(() => mlflowServer(on({}))).toThrow(/MLFLOW_TRACKING_URI[\s\S]*sqlite:\/\/\/mlflow\.db/);
  });

  it('must be known before anything is prepared', async () => {
    const cache = join(folder, 'cache');
    const data = { source: { kind: 'faces', count: 10 }, cache };
    const attempt = trainRun({ config: { ...configOf(), data, output: { mlflow: {} } }, runs: folder });
    await expect(attempt).rejects.toThrow(/MLFLOW_TRACKING_URI/);
    expect(existsSync(cache)).toBe(false);
  });

  it('has no user in it, which is in the environment alone', async () => {
    expect(() => configOf('output.mlflow={url: "http://me:secret@host"}')).toThrow(/output\.mlflow\.url/);
    vi.stubEnv('MLFLOW_TRACKING_USERNAME', 'me');
    await open().close('FINISHED');
    vi.stubEnv('MLFLOW_TRACKING_PASSWORD', 'secret');
    await open().close('FINISHED');
    vi.stubEnv('MLFLOW_TRACKING_TOKEN', 'token');
    await open().close('FINISHED');
    const sent = server.requests.map(({ authorization }) => authorization);
    expect([...new Set(sent)]).toEqual([
      `Basic ${Buffer.from('me:').toString('base64')}`,
      `Basic ${Buffer.from('me:secret').toString('base64')}`,
      'Bearer token',
    ]);
    expect(readFileSync(join(run.path, 'mlflow.json'), 'utf8')).not.toMatch(/secret|token/);
  });
});

it('a request gives what is answered, or says why there is no answer', async () => {
  const request = { method: 'GET', headers: {} } as const;
  await server.stop();
  await expect(send({ ...request, url: server.url })).rejects.toThrow(/^ECONNREFUSED$/);
  await expect(send({ ...request, url: 'ftp://host/' })).rejects.toThrow(/^unknown scheme$/);
  await expect(send({ ...request, url: server.url, body: 'x' })).rejects.toThrow(/GET.* body/);
  await server.start();
  const create = { url: `${server.url}/api/2.0/mlflow/experiments/create`, body: '{"name":"faces"}' };
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
  expect(await send({ method: 'POST', headers, ...create })).toEqual({
    status: 200,
    body: '{"experiment_id":"1"}',
  });
  expect(server.requests).toMatchObject([{ authorization: 'Bearer x' }]);
  const unknown = await send({ ...request, url: server.url });
  expect(unknown).toEqual({ status: 404, body: expect.stringContaining('ENDPOINT_NOT_FOUND') });
});
