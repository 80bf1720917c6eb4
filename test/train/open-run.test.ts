import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/core/checkpoint.ts';
import { createRunFolder, RunFolder } from '../../src/core/run-folder.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { readConfig } from '../../src/models/read-config.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { train } from '../../src/train/loop.ts';
import { makePlan } from '../../src/train/plan.ts';
import {
  isFinished,
  type OpenedRun,
  openRun,
  prepareFolder,
  type ResumeOptions,
  requireSamePast,
  requireSameSamples,
} from '../../src/train/resume.ts';
import { beginRun, trainRun } from '../../src/train/run.ts';
import { FakeMethod } from './fake-method.ts';
import { makePairs } from './pairs.ts';

let folder: string;
let runs: string;
let data: PreparedData;
let run: RunFolder;
let warnings: string[];

const output = '{logEvery: 1, samplesEvery: 100, checkpointMinutes: 1e-9, keepCheckpoints: 3}';
const { config } = readConfig('configs/smoke.yaml', [`output=${output}`]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'open-run-'));
  data = await makePairs(join(folder, 'pairs'), 7);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A run of two stages of 4 steps that stopped after 6, with checkpoints of steps 4, 5 and 6. */
beforeEach(async () => {
  warnings = [];
  runs = mkdtempSync(join(folder, 'runs-'));
  run = await createRunFolder(runs, config);
  await prepareFolder(run, config, data.samples.train, -1, expect.fail);
  await go(undefined, 6);
});

const planOf = (steps: number[]) => makePlan(new FakeMethod(steps), data.samples.train.length);

async function go(opened: OpenedRun | undefined, maxSteps: number, steps = [4, 4]): Promise<void> {
  const method = new FakeMethod(steps);
  const plan = makePlan(method, data.samples.train.length);
  const from = opened?.from;
  await train({ config, method, data, plan, run, reporter: silent, maxSteps, from });
  method.dispose();
}

const open = (options: Partial<ResumeOptions> = {}) =>
  openRun({ target: run.path, runs, sets: [], warn: (message) => warnings.push(message), ...options });

/** Opens, gives back and returns. */
async function look(options: Partial<ResumeOptions> = {}): Promise<OpenedRun> {
  const opened = await open(options);
  opened.unlock();
  return opened;
}

const checkpoint = (step: number) => join(run.checkpoints, `step-${step}`);
const flip = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes[(at + bytes.length) % bytes.length] ^= 1;
  writeFileSync(file, bytes);
};

describe('which run and checkpoint', () => {
  it('a run, one of its checkpoints, its manifest, or the newest', async () => {
    await createRunFolder(runs, config).then((newer) => rmSync(newer.path, { recursive: true }));
    for (const target of [run.path, 'latest', checkpoint(6), join(checkpoint(6), 'manifest.json')])
      expect((await look({ target })).from?.step).toBe(6);
    expect((await look({ target: checkpoint(5) })).from?.step).toBe(5);
    expect(warnings).toEqual([]);
  });

  it.each([
    [{ target: '/nowhere' }, /--resume \/nowhere[\s\S]*nothing of that name/],
    [{ target: 'configs' }, /neither/],
    [{ target: 'latest', runs: '/nowhere' }, /no such folder/],
    [{ target: 'latest', runs: 'configs' }, /got: +none/],
  ])('none: %o', async (options, message) => {
    await expect(open(options)).rejects.toThrow(message);
    await expect(open({ target: checkpoint(99) })).rejects.toThrow(UserError);
  });

  it('one that was being replaced, but nothing that only looks like a checkpoint', async () => {
    renameSync(checkpoint(5), `${checkpoint(5)}.replaced`);
    expect((await look({ target: `${checkpoint(5)}.replaced` })).from?.step).toBe(5);
    for (const name of ['step-5.tmp', 'my-step-5']) {
      mkdirSync(join(run.checkpoints, name));
      await expect(open({ target: join(run.checkpoints, name) })).rejects.toThrow(/is neither/);
    }
    mkdirSync(checkpoint(12));
    expect((await look({ target: checkpoint(12) })).from?.step).toBe(6);
    expect(warnings).toEqual([expect.stringContaining('step-12')]);
    const elsewhere = join(runs, 'step-5');
    mkdirSync(elsewhere);
    await expect(open({ target: elsewhere })).rejects.toThrow(/is neither/);
  });

  it('its configuration may be another file, and then need not be there', async () => {
    rmSync(run.config);
    expect((await look({ config })).loaded.config).toEqual(config);
    expect(warnings).toEqual([]);
    expect(existsSync(run.config)).toBe(false);
  });

  it('is not locked for a worker that does not write', async () => {
    const { unlock } = await open({ lock: false });
    expect(existsSync(join(run.path, 'lock.json'))).toBe(false);
    await look();
    unlock();
  });

  it('later checkpoints are set aside, however often', async () => {
    for (const count of [1, 2]) {
      await prepareFolder(run, config, data.samples.train, 5, (text) => warnings.push(text));
      expect(warnings.at(-1)).toContain(`step 6 is set aside as ${checkpoint(6)}.aside-${count}.`);
      expect(readdirSync(run.checkpoints)).not.toContain('step-6');
      cpSync(`${checkpoint(6)}.aside-${count}`, checkpoint(6), { recursive: true });
    }
    expect(readdirSync(run.checkpoints)).toContain('step-5');
    expect(warnings).toHaveLength(2);
  });

  it('is locked until it is given back', async () => {
    const { unlock } = await open();
    await expect(open()).rejects.toThrow(new RegExp(`in use[\\s\\S]*process ${process.pid}`));
    unlock();
    await look();
    flip(run.config, 0);
    await expect(open()).rejects.toThrow();
    expect(existsSync(join(run.path, 'lock.json'))).toBe(false);
  });

  it('a run without a checkpoint begins again', async () => {
    rmSync(run.checkpoints, { recursive: true });
    expect((await look()).from).toBeUndefined();
    expect(warnings[0]).toMatch(/begins again/);
  });
});

it('a new run whose samples cannot be written down does not stay locked', async () => {
  const { path, trainingSamples } = new RunFolder(join(runs, `00002-${config.name}`));
  const sample = {
    pairPath: '',
    // By then the run is locked; a folder where the list is to be makes that fail.
    get id() {
      expect(existsSync(join(path, 'lock.json'))).toBe(true);
      mkdirSync(trainingSamples);
      return 'a.jpg';
    },
  };
  const samples = { train: [sample], validation: [], test: [] };
  await expect(beginRun(runs, config, { samples })).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
});

it('a training that fails does not leave its run locked, whether it is new or goes on', async () => {
  const pairs = join(folder, 'pairs');
  const sets = [
    `data.source={kind: celeba-hq, path: ${pairs}}`,
    `data.cache=${join(folder, 'cache')}`,
    'output.validationCount=0',
  ];
  const onRun = () => {
    throw new Error('no more');
  };
  await expect(trainRun({ config: 'configs/smoke.yaml', sets, runs, onRun })).rejects.toThrow('no more');
  const { path } = new RunFolder(join(runs, `00002-${config.name}`));
  expect(readdirSync(path)).toContain('training-samples.json');
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
  // Before there are data.
  const gone = ['data.source.path=/nowhere'];
  await expect(trainRun({ resume: path, sets: gone })).rejects.toThrow(/\/nowhere/);
  expect(existsSync(join(path, 'lock.json'))).toBe(false);
});

it('a checkpoint that the disk does not read now is not taken for a damaged one', async () => {
  const file = join(checkpoint(6), 'A.safetensors');
  rmSync(file);
  // It leads to itself.
  symlinkSync(file, file);
  await expect(open()).rejects.toThrow(/^ELOOP/);
  expect(warnings).toEqual([]);
  expect(existsSync(join(run.path, 'lock.json'))).toBe(false);
});

describe('damage', () => {
  it.each([
    ['manifest.json', (file: string) => flip(file, 1), /JSON/],
    ['A.safetensors', (file: string) => flip(file, -1), /SHA-256/],
    ['A.safetensors', (file: string) => flip(file, 0), /SHA-256/],
    ['stage.safetensors', (file: string) => flip(file, -1), /SHA-256/],
    ['stage.safetensors', (file: string) => truncateSync(file, 20), /20 bytes/],
    ['manifest.json', (file: string) => truncateSync(file, 0), /JSON/],
    ['A.safetensors', (file: string) => rmSync(file), /nothing/],
  ])('of %s is named and the checkpoint before is used (%#)', async (name, damage, message) => {
    damage(join(checkpoint(6), name));
    const opened = await open();
    expect(opened.from?.step).toBe(5);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(join('step-6', name));
    expect(warnings[0]).toMatch(message);
    // The damaged one stays for whoever wants it, but is not taken for the newest any more.
    await prepareFolder(run, config, data.samples.train, 5, (text) => warnings.push(text));
    expect(warnings[1]).toMatch(/set aside/);
    await go(opened, 7);
    opened.unlock();
    expect(readdirSync(run.checkpoints).sort()).toEqual(['step-5', 'step-6', 'step-6.aside-1', 'step-7']);
    await readCheckpoint(checkpoint(6));
    const steps = readFileSync(run.log, 'utf8').trimEnd().split('\n');
    expect(steps.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('of all checkpoints is an error', async () => {
    for (const step of [4, 5, 6]) flip(join(checkpoint(step), 'A.safetensors'), -1);
    await expect(open()).rejects.toThrow(/No checkpoint of the run is whole[\s\S]*3 damaged/);
    expect(warnings).toHaveLength(3);
  });

  it('a kill between the two renames of a replacement loses nothing', async () => {
    renameSync(checkpoint(6), `${checkpoint(6)}.replaced`);
    mkdirSync(join(run.checkpoints, 'step-6.1-ab.tmp'));
    expect((await look()).from?.step).toBe(6);
  });

  it('a run that was killed while its folder was made is not the newest, and cannot go on', async () => {
    const unmade = await createRunFolder(runs, config);
    rmSync(unmade.config);
    expect((await look({ target: 'latest' })).run.path).toBe(run.path);
    await expect(open({ target: unmade.path })).rejects.toThrow(
      /neither a configuration nor a checkpoint[\s\S]*--config FILE/,
    );
  });

  it('a missing config.yaml is written again', async () => {
    rmSync(run.config);
    expect((await look()).loaded.config).toEqual(config);
    expect(warnings[0]).toMatch(/written again/);
    expect(readConfig(run.config).config).toEqual(config);
    // One that the disk does not read now is not missing. It leads to itself.
    rmSync(run.config);
    symlinkSync(run.config, run.config);
    await expect(open()).rejects.toThrow('ELOOP');
    expect(warnings).toHaveLength(1);
  });
});

describe('another configuration', () => {
  it('is refused with every differing key and both values', async () => {
    const sets = ['seed=3', 'model.width=8', 'output.logEvery=7', 'data.edges.size=99'];
    const refused = open({ config: 'configs/smoke.yaml', sets });
    await expect(refused).rejects.toThrow(UserError);
    await expect(refused).rejects.toThrow(
      /3 that differ[\s\S]*seed: 3, in the run 1[\s\S]*data\.edges\.size: 99, in the run 128[\s\S]*model\.width: 8, in the run 4/,
    );
    await expect(refused).rejects.not.toThrow(/logEvery/);
  });

  it('may change what training does not depend on, and lengths', async () => {
    const sets = ['output.keepCheckpoints=7', 'data.ahead=9', 'training.levels.0.atFullRefinement.steps=99'];
    const { loaded } = await look({ sets });
    expect(loaded.config.output.keepCheckpoints).toBe(7);
    expect(loaded.config.data.ahead).toBe(9);
    expect(loaded.config.training).toHaveProperty('levels.0.atFullRefinement.steps', 99);
  });

  it('goes on without the weights that it began with, and with files of weights elsewhere', async () => {
    const sets = ['training.initialWeights=gone', 'loss.perceptual.weights=elsewhere.safetensors'];
    const { loaded } = await look({ sets });
    expect(loaded.config.training.initialWeights).toBe('gone');
    rmSync(run.checkpoints, { recursive: true });
    await expect(open({ sets })).rejects.toThrow(/weights to begin with are not there/);
  });

  it('stages that are over keep their lengths', async () => {
    const { from } = await look();
    requireSamePast(from!, planOf([4, 4]));
    requireSamePast(from!, planOf([4, 2]));
    expect(() => requireSamePast(from!, planOf([5, 4]))).toThrow(/stage 1[\s\S]*4 steps[\s\S]*5/);
    expect(() => requireSamePast(from!, planOf([4, 1]))).toThrow(/stage 2[\s\S]*at least the 2 steps/);
    expect(() => requireSamePast(from!, planOf([4]))).toThrow(/stage 2[\s\S]*no such stage/);
  });

  it('a stage that is made longer goes on as if it had been so from the start', async () => {
    const opened = await open();
    await go(opened, 9, [4, 6]);
    opened.unlock();
    const extended = await readCheckpoint(checkpoint(9));
    run = await createRunFolder(runs, config);
    await go(undefined, 9, [4, 6]);
    expect(await readCheckpoint(checkpoint(9))).toEqual(extended);
  });

  it('a finished run is known', async () => {
    const opened = await open();
    expect(isFinished(opened.from!, planOf([4, 4]))).toBe(false);
    await go(opened, 8);
    opened.unlock();
    expect(isFinished((await look()).from!, planOf([4, 4]))).toBe(true);
    expect(isFinished((await look()).from!, planOf([4, 5]))).toBe(false);
    expect(isFinished((await look()).from!, planOf([4, 4, 0]))).toBe(true);
  });
});

it('other training samples are an error that names them', async () => {
  const { from } = await look();
  const { train: samples } = data.samples;
  await requireSameSamples(from!, samples, run);
  const changed = [{ id: 'new.jpg', pairPath: '' }, ...samples.slice(2)];
  const missing = samples.slice(0, 2).map(({ id }) => id);
  await expect(requireSameSamples(from!, changed, run)).rejects.toThrow(
    new RegExp(`6 samples; 2 missing: ${missing.join(', ')}; 1 new: new\\.jpg`),
  );
  await expect(requireSameSamples(from!, samples.toReversed(), run)).rejects.toThrow(/another order/);
  rmSync(run.trainingSamples);
  await expect(requireSameSamples(from!, changed, run)).rejects.toThrow(/7 training samples[\s\S]*6/);
});
