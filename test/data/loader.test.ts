import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toBatch } from '../../src/data/batch.ts';
import { type LoaderOptions, PairLoader } from '../../src/data/loader.ts';
import { encodePair } from '../../src/data/pair.ts';
import type { PreparedSample, RawBatch } from '../../src/data/types.ts';
import { tf } from '../../src/ops/tf.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { recorder, temporaryFolder } from './support.ts';

const folder = await temporaryFolder();
const n = 8;

/** Sample k: a photo all of value k, and a sketch with k lines. */
async function writeSamples(prefix: string, count: number): Promise<PreparedSample[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, k) => {
      const pairPath = join(folder, `${prefix}-${k}.png`);
      const sketch = new Uint8Array(n * n).fill(255).fill(0, 0, k);
      await writeFile(pairPath, await encodePair({ photo: new Uint8Array(n * n * 3).fill(k), sketch }, n));
      return { id: String(k), pairPath };
    }),
  );
}

let samples: PreparedSample[];
beforeAll(async () => {
  samples = await writeSamples('good', 10);
});

const load = (more: Partial<LoaderOptions> = {}) =>
  new PairLoader({
    name: 'F',
    samples,
    resolution: n,
    batch: 3,
    seed: 1,
    ahead: 2,
    reporter: silent,
    ...more,
  });

async function take(loader: PairLoader, count: number): Promise<RawBatch[]> {
  const batches: RawBatch[] = [];
  for (let i = 0; i < count; i++) batches.push(await loader.next());
  return batches;
}

const idsOf = (batches: RawBatch[]) => batches.map(({ ids }) => ids);

describe('order', () => {
  it('shows each sample once an epoch, in whole batches, shuffled anew', async () => {
    const loader = load();
    expect(loader.batchesPerEpoch).toBe(3);
    const epochs = [await take(loader, 3), await take(loader, 3)].map((batches) => idsOf(batches).flat());
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(9);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[0]).not.toEqual([...epochs[0]].sort());
  });

  it('depends on the seed and the name alone', async () => {
    const reference = await take(load(), 7);
    expect(await take(load({ ahead: 5 }), 7)).toEqual(reference);
    expect(idsOf(await take(load({ seed: 2 }), 7))).not.toEqual(idsOf(reference));
    expect(idsOf(await take(load({ name: 'level1' }), 7))).not.toEqual(idsOf(reference));
  });

  it.each([0, 1, 2, 3, 4, 6])('goes on exactly after %i batches', async (count) => {
    const whole = await take(load(), count + 5);
    const before = load();
    await take(before, count);
    const state = JSON.parse(JSON.stringify(before.state()));
    await before.close();
    expect(await take(load({ state }), 5)).toEqual(whole.slice(count));
  });

  it('uses all samples when the batch is as large as the data', async () => {
    const [batch] = await take(load({ batch: 10 }), 1);
    expect([...batch.ids].sort()).toEqual(samples.map(({ id }) => id));
  });
});

describe('a mix of sources', () => {
  const mixed = [...samplesOf('faces', 12), ...samplesOf('photos', 4), ...samplesOf('rest', 4)];
  const weights = { faces: 1, photos: 3, rest: 1 };
  const options = { samples: mixed, weights, batch: 4 };
  const sourceOf = (id: string) => id.split('/')[0];

  /** Samples of a source that all lie in the same file. */
  function samplesOf(source: string, count: number): PreparedSample[] {
    return Array.from({ length: count }, (_, i) => ({
      id: `${source}/${i}`,
      pairPath: join(folder, 'good-0.png'),
      source,
    }));
  }

  it('takes each source as often as its weight says', async () => {
    const epochs = 60;
    const ids = idsOf(await take(load(options), 5 * epochs)).flat();
    const count = (source: string) => ids.filter((id) => sourceOf(id) === source).length;
    // Five standard deviations of 1200 draws.
    for (const [source, share] of [
      ['faces', 0.2],
      ['photos', 0.6],
      ['rest', 0.2],
    ] as const)
      expect(Math.abs(count(source) / 1200 - share)).toBeLessThan(
        5 * Math.sqrt((share * (1 - share)) / 1200),
      );
  });

  it('goes round each source in a shuffled order, anew in each round', async () => {
    const ids = idsOf(await take(load(options), 5)).flat();
    expect(ids).toHaveLength(20);
    const photos = ids.filter((id) => sourceOf(id) === 'photos');
    const rounds = Array.from({ length: Math.floor(photos.length / 4) }, (_, i) =>
      photos.slice(4 * i, 4 * i + 4),
    );
    expect(rounds.length).toBeGreaterThan(1);
    for (const round of rounds) expect(new Set(round).size).toBe(4);
    expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
    const faces = ids.filter((id) => sourceOf(id) === 'faces');
    expect(new Set(faces).size).toBe(faces.length);
  });

  it('depends on the seed, the name and the weights alone', async () => {
    const reference = idsOf(await take(load(options), 12));
    expect(idsOf(await take(load({ ...options, ahead: 5 }), 12))).toEqual(reference);
    expect(reference.slice(0, 5)).not.toEqual(reference.slice(5, 10));
    for (const more of [{ seed: 2 }, { name: 'level1' }, { weights: { ...weights, photos: 1 } }])
      expect(idsOf(await take(load({ ...options, ...more }), 12))).not.toEqual(reference);
  });

  it.each([1, 4, 5, 8])('goes on exactly after %i batches', async (count) => {
    const whole = await take(load(options), count + 6);
    const before = load(options);
    await take(before, count);
    const state = JSON.parse(JSON.stringify(before.state()));
    await before.close();
    expect(await take(load({ ...options, state }), 6)).toEqual(whole.slice(count));
  });
});

it('gives the bytes of each sample at its place', async () => {
  const [batch] = await take(load(), 1);
  expect(batch.resolution).toBe(n);
  for (const [i, id] of batch.ids.entries()) {
    const k = Number(id);
    expect(batch.images.subarray(i * n * n * 3, (i + 1) * n * n * 3).every((v) => v === k)).toBe(true);
    const sketch = batch.sketches.subarray(i * n * n, (i + 1) * n * n);
    expect(sketch).toEqual(new Uint8Array(n * n).fill(255).fill(0, 0, k));
  }
});

describe('files that go bad while training', () => {
  it('are replaced by the next in the order, the same in every run, and reported once', async () => {
    const some = await writeSamples('spoilt', 20);
    const options = { samples: some, batch: 4 };
    const order = idsOf(await take(load(options), 5)).flat();
    await rm(some[Number(order[5])].pairPath);
    await writeFile(some[Number(order[19])].pairPath, 'damaged');
    const reporter = recorder();
    const loader = load({ ...options, reporter });
    const expected = [...order];
    expected[5] = order[6];
    expected[19] = order[0];
    expect(idsOf(await take(loader, 5)).flat()).toEqual(expected);
    await take(loader, 10);
    expect(reporter.warnings.length).toBe(2);
    expect(reporter.warnings.join()).toContain(some[Number(order[5])].pairPath);
    expect(idsOf(await take(load(options), 5)).flat()).toEqual(expected);
  });

  it('stop training when they are more than a tenth', async () => {
    const some = await writeSamples('lost', 20);
    for (const k of [3, 8, 11]) await rm(some[k].pairPath);
    const loader = load({ samples: some, batch: 20 });
    await expect(loader.next()).rejects.toThrow(/Too many prepared samples[\s\S]*at most 2 of 20/);
    await loader.close();
  });

  it('stop training when none is left', async () => {
    const loader = load({ samples: [{ id: 'x', pairPath: join(folder, 'none.png') }], batch: 1 });
    await expect(loader.next()).rejects.toThrow(UserError);
  });

  it('are also those of another size', async () => {
    const reporter = recorder();
    const loader = load({ resolution: 16, reporter });
    await expect(loader.next()).rejects.toThrow(/is 16 x 8 x 3, not 32 x 16 x 3/);
  });
});

describe('a batch for a step', () => {
  it('has images and sketches in [-1, 1] and holes of 0 and 1', async () => {
    const raw: RawBatch = {
      ids: ['a'],
      resolution: 2,
      images: Uint8Array.of(0, 0, 0, 255, 255, 255, 51, 102, 153, 0, 0, 0),
      sketches: Uint8Array.of(0, 255, 255, 0),
    };
    const batch = toBatch(raw, Float32Array.of(1, 0, 0, 1));
    expect(batch.image.shape).toEqual([1, 2, 2, 3]);
    const image = [...batch.image.dataSync()];
    for (const [i, v] of [-1, -1, -1, 1, 1, 1, -0.6, -0.2, 0.2, -1, -1, -1].entries()) {
      expect(image[i]).toBeCloseTo(v, 6);
    }
    expect([...batch.sketch.dataSync()]).toEqual([-1, 1, 1, -1]);
    expect([...batch.hole.dataSync()]).toEqual([1, 0, 0, 1]);
    expect(batch.hole.shape).toEqual([1, 2, 2, 1]);
    const whole = toBatch(raw);
    expect([...whole.hole.dataSync()]).toEqual([1, 1, 1, 1]);
    tf.dispose([...Object.values(batch), ...Object.values(whole)]);
  });
});
