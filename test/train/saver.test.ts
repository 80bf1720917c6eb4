import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  listCheckpoints,
  pruneCheckpoints,
  readCheckpoint,
  readManifest,
  writeCheckpoint,
} from '../../src/core/checkpoint.ts';
import { namedWeights } from '../../src/nn/network-weights.ts';
import { tf, type Variable } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import {
  bestCheckpoint,
  CheckpointSaver,
  CheckpointWriter,
  type SaverOptions,
  type Snapshot,
  takeSnapshot,
} from '../../src/train/saver.ts';

const l1 = { key: 'l1/hole', title: 'L1', better: 'lower' } as const;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saver-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Checkpoints of steps 1, 2, ...: each the index of its stage and its error. */
async function write(...checkpoints: [stage: number, error: number | undefined][]): Promise<void> {
  for (const [i, [index, error]] of checkpoints.entries()) {
    const stage = { index, name: `stage ${index}`, step: 1 };
    const metrics: Record<string, number> = error === undefined ? {} : { 'l1/hole': error, psnr: 1 / error };
    await writeCheckpoint(folder, { step: i + 1, stage, config: {}, random: {}, metrics }, {});
  }
}

describe('the best checkpoint', () => {
  it('has the smallest error of the newest stage, and stays', async () => {
    await write([0, 0.01], [1, 0.4], [1, 0.2], [1, 0.3], [1, undefined], [1, 0.25]);
    const best = await bestCheckpoint(folder, l1);
    expect(best).toEqual({ path: join(folder, 'step-3'), step: 3, title: 'L1', value: 0.2 });
    const psnr = { key: 'psnr', title: 'PSNR', better: 'higher' } as const;
    expect((await bestCheckpoint(folder, psnr))!.value).toBe(1 / 0.2);
    await pruneCheckpoints(folder, 2, best!.path);
    expect(readdirSync(folder).sort()).toEqual(['step-3', 'step-5', 'step-6']);
  });

  it('of equal ones is the newest; damaged ones do not count', async () => {
    await write([0, 0.2], [0, 0.2], [0, 0.1]);
    writeFileSync(join(folder, 'step-3', 'manifest.json'), '{');
    expect((await bestCheckpoint(folder, l1))!.step).toBe(2);
  });

  it('is not said to be another one when the disk does not answer', async () => {
    await write([0, 0.1], [0, 0.2]);
    const manifest = join(folder, 'step-1', 'manifest.json');
    rmSync(manifest);
    symlinkSync(manifest, manifest);
    await expect(bestCheckpoint(folder, l1)).rejects.toThrow('ELOOP');
  });

  it('is none where nothing of the stage was measured', async () => {
    expect(await bestCheckpoint(folder, l1)).toBeUndefined();
    await write([0, 0.2], [1, undefined]);
    expect(await bestCheckpoint(folder, l1)).toBeUndefined();
  });
});

const snapshot = (step: number, data = new Float32Array([step, 2])): Snapshot => ({
  head: { step, stage: { index: 0, name: 'F', step }, config: {}, random: {}, metrics: {} },
  tensors: { A: [['weight', { shape: [2], data }]] },
  sources: {},
});

describe('the thread that writes', () => {
  let writer: CheckpointWriter;
  beforeEach(() => {
    writer = new CheckpointWriter();
  });
  afterEach(() => writer.close());

  it('writes one after another, and takes the arrays away', async () => {
    const data = new Float32Array([1, 2]);
    expect((await writer.write(folder, snapshot(1, data))).path).toBe(join(folder, 'step-1'));
    expect(data).toHaveLength(0);
    const { path } = await writer.write(folder, snapshot(2));
    const { tensors, step } = await readCheckpoint(path);
    expect(step).toBe(2);
    expect(tensors.A.get('weight')?.data).toEqual(new Float32Array([2, 2]));
  });

  it('tells why it cannot write, and can again later', async () => {
    const place = join(folder, 'checkpoints');
    writeFileSync(place, 'a file');
    await expect(writer.write(place, snapshot(1))).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(place);
    await readCheckpoint((await writer.write(place, snapshot(1))).path);
  });
});

/** Saves at no time of its own, keeps two, and knows of no best one, unless told otherwise. */
const saverOf = (options: Partial<SaverOptions> = {}) =>
  new CheckpointSaver({
    folder,
    minutes: 60,
    keep: 2,
    reporter: silent,
    beforehand: async () => {},
    best: async () => undefined,
    ...options,
  });

it('a step is saved once, what belongs to it is on the disk before, and old checkpoints go', async () => {
  const events: string[] = [];
  const saver = saverOf({
    reporter: { ...silent, warn: (message) => events.push(message) },
    beforehand: async () => {
      events.push('beforehand');
    },
  });
  expect(saver.due).toBe(false);
  expect(saver.spent).toEqual({ written: 0, share: 0 });
  for (const step of [1, 2, 2, 3]) await saver.save(step, () => snapshot(step));
  expect(await saver.finish()).toBe(join(folder, 'step-3'));
  expect(events).toEqual(['beforehand', 'beforehand', 'beforehand']);
  expect(readdirSync(folder).sort()).toEqual(['step-2', 'step-3']);
  await saver.close();
});

it('the third failure in a row ends the training', async () => {
  const warnings: string[] = [];
  const saver = saverOf({
    reporter: { ...silent, warn: (message) => warnings.push(message) },
    beforehand: () => Promise.reject(new Error('no space')),
  });
  for (const step of [1, 2, 3]) await saver.save(step, () => snapshot(step));
  await expect(saver.save(4, () => snapshot(4))).rejects.toThrow(
    /checkpoints cannot be written[\s\S]*3 failures/,
  );
  await expect(saver.finish()).rejects.toThrow(/There is none before it/);
  expect(warnings.map((text) => text.split(':')[0])).toEqual(
    [1, 2, 3].map((n) => `The checkpoint of step ${n} cannot be written (${n} of at most 3 in a row)`),
  );
  await saver.close();
});

it('failures with a checkpoint between them are not in a row', async () => {
  let fails = false;
  const saver = saverOf({
    beforehand: async () => {
      if (fails) throw new Error('no space');
    },
  });
  for (const step of [1, 2, 3, 4, 5, 6]) {
    fails = step % 3 !== 0;
    await saver.save(step, () => snapshot(step));
  }
  expect(await saver.finish()).toBe(join(folder, 'step-6'));
  await saver.close();
});

it('nothing is removed while the best checkpoint cannot be told', async () => {
  const warnings: string[] = [];
  const saver = saverOf({
    keep: 1,
    reporter: { ...silent, warn: (message) => warnings.push(message) },
    best: () => Promise.reject(new Error('the disk does not answer')),
  });
  for (const step of [1, 2]) await saver.save(step, () => snapshot(step));
  expect(await saver.finish()).toBe(join(folder, 'step-2'));
  expect(readdirSync(folder).sort()).toEqual(['step-1', 'step-2']);
  const warning = expect.stringMatching(/^Old checkpoints in .* cannot be removed: the disk does not answer/);
  expect(warnings).toEqual([warning, warning]);
  await saver.close();
});

describe('the end', () => {
  const waited: number[] = [];
  const warnings: string[] = [];
  beforeEach(() => {
    waited.length = 0;
    warnings.length = 0;
  });
  /** @param failures so many attempts to write fail. */
  const open = (failures: number, more: Partial<SaverOptions> = {}) => {
    let attempts = 0;
    return saverOf({
      reporter: { ...silent, warn: (message) => warnings.push(message) },
      beforehand: async () => {
        attempts += 1;
        if (attempts <= failures) throw new Error('no space');
      },
      wait: async (ms) => waited.push(ms),
      ...more,
    });
  };

  it('tries again to write what could not be written', async () => {
    const saver = open(2);
    await saver.save(1, () => snapshot(1));
    expect(await saver.finish()).toBe(join(folder, 'step-1'));
    expect((await readCheckpoint(join(folder, 'step-1'))).step).toBe(1);
    expect(waited).toEqual([5000, 5000]);
    expect(warnings).toHaveLength(2);
    // Nothing is left to do.
    await saver.finish();
    expect(waited).toHaveLength(2);
    // It is one of those that last.
    for (const step of [2, 3, 4]) await saver.save(step, () => snapshot(step), false);
    await saver.finish();
    expect(readdirSync(folder).sort()).toEqual(['step-1', 'step-3', 'step-4']);
    await saver.close();
  });

  it('of a checkpoint that stays unwritten is an error, which names the last whole one', async () => {
    const saver = open(4);
    await saver.save(1, () => snapshot(1));
    await expect(saver.finish()).rejects.toThrow(/3 failures[\s\S]*There is none before it/);
    expect(waited).toHaveLength(2);
    expect(readdirSync(folder)).toEqual([]);
    await saver.close();
    const saved = { step: 7, path: 'step-7', passing: false };
    const later = open(9, { saved });
    await later.save(8, () => snapshot(8));
    await expect(later.finish()).rejects.toThrow(/The last whole one is step-7/);
    await later.close();
  });

  it('of a training that goes on and makes no step is where it began; one of none is an error', async () => {
    const saver = open(0, { saved: { step: 7, path: 'step-7', passing: false } });
    await saver.save(7, () => expect.fail('it is saved already'));
    expect(await saver.finish()).toBe('step-7');
    await saver.close();
    const empty = open(0);
    await expect(empty.finish()).rejects.toThrow(/nothing was saved/);
    await empty.close();
  });

  it('leaves no half checkpoint: the one in work is whole', async () => {
    const saver = open(0);
    await saver.save(1, () => snapshot(1));
    await saver.close();
    await readCheckpoint(join(folder, 'step-1'));
    expect(warnings).toEqual([]);
  });

  it('keeps the best one', async () => {
    const saver = open(0, {
      best: async () => ({ path: join(folder, 'step-1'), step: 1, title: 'L1', value: 0 }),
    });
    for (const step of [1, 2, 3, 4]) await saver.save(step, () => snapshot(step));
    await saver.finish();
    expect(readdirSync(folder).sort()).toEqual(['step-1', 'step-3', 'step-4']);
    await saver.close();
  });
});

describe('how often', () => {
  const open = (minutes: number | undefined, now: () => number) => saverOf({ minutes, now });

  it('a checkpoint comes every minute, or more seldom where it costs more than 1 % of the time', async () => {
    let time = 0;
    const saver = open(undefined, () => time);
    const due: number[] = [];
    /** A state takes so long to copy, ms. */
    let copying = 0;
    for (let step = 1; step <= 4; step++) {
      const begin = time;
      while (!saver.due) time += 1000;
      due.push((time - begin) / 1000);
      const take = () => {
        time += copying;
        return snapshot(step);
      };
      await saver.save(step, take, saver.dueToLast);
      await saver.finish();
      copying = [0, 2500, 0, 0][step];
    }
    // What the disk took is counted, too, and differs.
    expect(due[0]).toBe(60);
    expect(due[2]).toBeGreaterThanOrEqual(250);
    expect(due[3]).toBeLessThan(due[2]);
    expect(saver.spent.written).toBe(4);
    expect(saver.spent.share).toBeGreaterThan(0);
    expect(saver.spent.share).toBeLessThan(0.01);
    await saver.close();
  });

  it('one in 15 minutes lasts; all do, at their time, where the configuration says when they come', async () => {
    let time = 0;
    const saver = open(undefined, () => time);
    const given = open(3, () => time);
    const minutes = (count: number) => {
      time = count * 60_000;
      return [saver.due, saver.dueToLast, given.due, given.dueToLast];
    };
    expect(minutes(0)).toEqual([false, false, false, true]);
    expect(minutes(1)).toEqual([true, false, false, true]);
    expect(minutes(3)).toEqual([true, false, true, true]);
    expect(minutes(15)).toEqual([true, true, true, true]);
    for (const one of [saver, given]) {
      await one.save(1, () => snapshot(1));
      await one.finish();
    }
    expect(minutes(15)).toEqual([false, false, false, true]);
    // The copy took no time by this clock, so that it is the thread's.
    expect(saver.spent.share).toBeGreaterThan(0);
    expect(minutes(29)).toEqual([true, false, true, true]);
    // One that passes does not put off the next that lasts.
    await saver.save(2, () => snapshot(2), false);
    expect(minutes(30)[1]).toBe(true);
    await saver.finish();
    for (const one of [saver, given]) await one.close();
  });

  it('none is due while one is written, unless the configuration says when; all that it takes is counted', async () => {
    let time = 1e6;
    const saver = open(undefined, () => time);
    time += 6e7;
    expect(saver.due).toBe(true);
    await saver.save(1, () => {
      time += 3e7;
      return snapshot(1);
    });
    time += 1e12;
    expect(saver.due).toBe(false);
    time -= 1e12;
    await saver.finish();
    // The thread's time, which is real, is next to nothing beside that.
    expect(saver.spent.written).toBe(1);
    expect(saver.spent.share).toBeCloseTo(1 / 3, 3);
    time += 100 * 3e7 - 1000;
    expect(saver.due).toBe(false);
    time += 100_000;
    expect(saver.due).toBe(true);
    await saver.close();
  });

  it('of those that pass the newest stay, besides those that last', async () => {
    const saver = open(undefined, () => 0);
    for (const step of [1, 2, 3, 4, 5, 6, 7, 8])
      await saver.save(step, () => snapshot(step), [1, 3, 5].includes(step));
    await saver.finish();
    expect(readdirSync(folder).sort()).toEqual(['step-3', 'step-5', 'step-7', 'step-8']);
    await saver.save(9, () => snapshot(9), true);
    await saver.finish();
    expect(readdirSync(folder).sort()).toEqual(['step-5', 'step-8', 'step-9']);
    await saver.close();
  });

  it('files that have not changed are links where a checkpoint passes, and written anew where it lasts or one failed', async () => {
    const saver = open(undefined, () => 0);
    const sources = { A: [{}], B: [{}] };
    const B: Snapshot['tensors'][string] = [['weight', { shape: [1], data: new Float32Array([7]) }]];
    const take =
      (step: number) =>
      (before?: Snapshot['sources']): Snapshot => {
        const own = snapshot(step);
        const tensors = { ...own.tensors, B: before?.B === sources.B ? undefined : structuredClone(B) };
        return { ...own, tensors, sources };
      };
    const files: number[] = [];
    const save = async (step: number, lasts: boolean) => {
      await saver.save(step, take(step), lasts);
      await saver.finish();
      const path = join(folder, `step-${step}`);
      files.push(statSync(join(path, 'B.safetensors')).ino);
      expect((await readCheckpoint(path)).tensors.B.get('weight')!.data).toEqual(new Float32Array([7]));
    };
    await save(1, true);
    await save(2, false);
    await save(3, false);
    await save(4, true);
    const [one, two, three, four] = files;
    expect([two, three]).toEqual([one, one]);
    expect(four).not.toBe(one);
    // Somebody has removed what the next one would be linked to.
    rmSync(join(folder, 'step-4'), { recursive: true });
    await saver.save(5, take(5), false);
    await saver.save(6, take(6), false);
    expect(await saver.finish()).toBe(join(folder, 'step-6'));
    const whole = await readCheckpoint(join(folder, 'step-6'));
    expect(whole.tensors.B.get('weight')!.data).toEqual(new Float32Array([7]));
    await saver.close();
  });
});

describe('what a checkpoint was made for', () => {
  /** Steps of those that are there, below 0 where they pass. */
  const there = async () => {
    const all = (await listCheckpoints(folder)).map(({ path }) => readManifest(path));
    return (await Promise.all(all)).map(({ step, passing }) => (passing ? -step : step));
  };
  /** A process that goes on from the newest checkpoint and saves these steps; those below 0 pass. */
  const live = async (saves: readonly number[], more: Partial<SaverOptions> = {}) => {
    const newest = (await listCheckpoints(folder)).at(-1);
    const saved = newest && { ...newest, passing: (await readManifest(newest.path)).passing ?? false };
    const saver = saverOf({ saved, ...more });
    for (const step of saves) await saver.save(Math.abs(step), () => snapshot(Math.abs(step)), step > 0);
    await saver.finish();
    await saver.close();
  };

  it('stands in it: those that pass push out none that last after a resume, either', async () => {
    await live([1, 2, -3, -4]);
    expect(await there()).toEqual([1, 2, -3, -4]);
    await live([-5, -6, -7]);
    expect(await there()).toEqual([1, 2, -6, -7]);
    await live([8, -9]);
    expect(await there()).toEqual([2, 8, -9]);
  });

  it('counts the same however often training goes on; the best one stays, and any may be damaged', async () => {
    /** As a process of its own writes it. */
    const add = async (step: number, error?: number) => {
      const metrics: Record<string, number> = error === undefined ? {} : { 'l1/hole': error };
      const { head } = snapshot(Math.abs(step));
      await writeCheckpoint(folder, { ...head, metrics, ...(step < 0 && { passing: true }) }, {});
      await pruneCheckpoints(folder, 2, (await bestCheckpoint(folder, l1))?.path);
      return there();
    };
    for (const step of [1, 2, 3]) await add(step, step / 10);
    for (const step of [-4, -5, -6]) await add(step);
    expect(await add(-7)).toEqual([1, 2, 3, -6, -7]);
    expect(await add(8, 0.4)).toEqual([1, 3, -7, 8]);
    expect(await add(9, 0.05)).toEqual([8, 9]);
    await add(-10);
    // One that does not say counts as lasting.
    writeFileSync(join(folder, 'step-10', 'manifest.json'), '{');
    await pruneCheckpoints(folder, 2);
    expect(readdirSync(folder).sort()).toEqual(['step-10', 'step-9']);
  });

  it('becomes lasting where training ends on one that passes, in the same process or a later one; never passing', async () => {
    const files = () =>
      readdirSync(join(folder, 'step-1')).map((name) => readFileSync(join(folder, 'step-1', name)));
    await live([1]);
    const lasting = files();
    const { ino } = statSync(join(folder, 'step-1'));
    await live([-1, 1]);
    expect(statSync(join(folder, 'step-1')).ino).toBe(ino);

    rmSync(folder, { recursive: true });
    await live([-1, 1, -1]);
    expect(files()).toEqual(lasting);

    rmSync(folder, { recursive: true });
    await live([-1]);
    const warnings: string[] = [];
    await live([-1, 1], {
      reporter: { ...silent, warn: (message) => warnings.push(message) },
      beforehand: () => Promise.reject(new Error('no space')),
      wait: async () => expect.fail(),
    });
    // It is as whole as it was.
    expect(warnings).toHaveLength(1);
    expect(await there()).toEqual([-1]);
    await live([1]);
    expect(files()).toEqual(lasting);
  });
});

it('networks whose variables have not been given other values are not copied again', () => {
  const network = (name: string) =>
    tf.sequential({ name, layers: [tf.layers.dense({ name: 'dense', units: 2, inputShape: [3] })] });
  const networks = { A: network('A'), B: network('B') };
  const trainable = { state: () => ({ momentum: tf.zeros([2]) }) };
  const copied = (before?: Snapshot['sources']) => {
    const { tensors, sources } = takeSnapshot({ networks }, trainable, before);
    return { names: Object.keys(tensors).filter((name) => tensors[name]), sources };
  };
  const first = copied();
  expect(first.names).toEqual(['A', 'B', 'stage']);
  expect(copied(first.sources).names).toEqual(['stage']);
  const [kernel] = networks.A.getWeights() as Variable[];
  kernel.assign(tf.tidy(() => tf.add(kernel, 1)) as Variable);
  const second = copied(first.sources);
  expect(second.names).toEqual(['A', 'stage']);
  expect(copied(second.sources).names).toEqual(['stage']);
  for (const one of Object.values(networks)) one.dispose();
});

it('a snapshot has each weight once, the rest of the state by itself, and leaves no tensor behind', () => {
  const layer = tf.layers.dense({ name: 'dense', units: 1, inputShape: [2], useBias: false });
  const A = tf.sequential({ name: 'A', layers: [layer] });
  A.setWeights([tf.tensor2d([[3], [4]])]);
  const [[name, kernel]] = Object.entries(namedWeights(A));
  const state = () => ({ [name]: kernel.clone(), steps: tf.tensor1d([5, 6], 'int32') });
  const before = tf.memory().numTensors;
  const { tensors, sources } = takeSnapshot({ networks: { A } }, { state });
  expect(tf.memory().numTensors).toBe(before);
  expect(tensors).toEqual({
    A: [[name, { shape: [2, 1], data: new Float32Array([3, 4]) }]],
    stage: [['steps', { shape: [2], data: new Int32Array([5, 6]) }]],
  });
  expect(Object.keys(sources)).toEqual(['A']);
  A.dispose();
});
