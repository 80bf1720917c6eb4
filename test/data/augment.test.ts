import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Augmentation, augmentPair, drawAugmentation } from '../../src/data/augment.ts';
import { toBatch } from '../../src/data/batch.ts';
import { heldOutBatch } from '../../src/data/held-out.ts';
import { type LoaderOptions, PairLoader } from '../../src/data/loader.ts';
import { encodePair } from '../../src/data/pair.ts';
import { tf } from '../../src/ops/tf.ts';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { smallConfig, temporaryFolder } from './support.ts';

const folder = await temporaryFolder();
const off = { mirror: false, brightness: 0, contrast: 0, saturation: 0, scale: 0, shift: 0 };
const all = { mirror: 0.5, brightness: 0.2, contrast: 0.2, saturation: 0.3, scale: 0.2, shift: 0.1 };
const none = (n: number): Augmentation => ({
  mirrored: false,
  brightness: 0,
  contrast: 1,
  saturation: 1,
  crop: { left: 0, top: 0, side: n },
});

/** A grey photo and a sketch of the same values. */
const greyPair = (values: readonly number[]) => ({
  photo: Uint8Array.from(values.flatMap((v) => [v, v, v])),
  sketch: Uint8Array.from(values),
});
const greyOf = (photo: Uint8Array) => [...photo.filter((_, i) => i % 3 === 0)];

describe('what is drawn', () => {
  it('is nothing where nothing is switched on', () => {
    for (let i = 0; i < 50; i++) expect(drawAugmentation(64, off, stream(1, i))).toEqual(none(64));
  });

  it.each([
    [true, 0.5],
    [0.2, 0.2],
    [1, 1],
    [0, 0],
  ])('mirrors with the probability that is set: %s', (mirror, share) => {
    const drawn = Array.from({ length: 4000 }, (_, i) =>
      drawAugmentation(8, { ...off, mirror }, stream(1, i)),
    );
    const mirrored = drawn.filter((one) => one.mirrored).length / drawn.length;
    // Five standard deviations.
    expect(Math.abs(mirrored - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / 4000));
  });

  it('keeps within its bounds and comes near to both of them', () => {
    const n = 100;
    const drawn = Array.from({ length: 2000 }, (_, i) => drawAugmentation(n, all, stream(1, i)));
    const expectRange = (values: number[], low: number, high: number, slack = 0.02 * (high - low)) => {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
      expect(Math.min(...values)).toBeLessThan(low + slack);
      expect(Math.max(...values)).toBeLessThanOrEqual(high);
      expect(Math.max(...values)).toBeGreaterThan(high - slack);
    };
    expectRange(
      drawn.map((one) => one.brightness),
      -51,
      51,
    );
    expectRange(
      drawn.map((one) => one.contrast),
      0.8,
      1.2,
    );
    expectRange(
      drawn.map((one) => one.saturation),
      0.7,
      1.3,
    );
    // A face that is 1.2 times as large fills the image when 100 / 1.2 px of it are taken.
    expectRange(
      drawn.map(({ crop }) => crop.side),
      83,
      125,
    );
    const centres = drawn.map(({ crop }) => crop.left + crop.side / 2 - 50);
    // To half a pixel, as crops are whole pixels.
    expectRange(centres, -10.5, 10.5, 1);
  });

  it('changes in one part alone when only that part is set otherwise', () => {
    const before = drawAugmentation(64, all, stream(1, 'a'));
    const after = drawAugmentation(64, { ...all, brightness: 0, mirror: 0 }, stream(1, 'a'));
    expect(after).toEqual({ ...before, brightness: 0, mirrored: false });
  });
});

describe('a changed pair', () => {
  it('is mirrored with its sketch', async () => {
    const { photo, sketch, mirrored } = augmentPair(
      {
        photo: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        sketch: Uint8Array.of(0, 255, 255, 255),
      },
      2,
      { ...none(2), mirrored: true },
    );
    expect([...photo]).toEqual([4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]);
    expect([...sketch]).toEqual([255, 0, 255, 255]);
    expect(mirrored).toBe(true);
  });

  it('has other colours, and the sketch as it was', async () => {
    const pair = { photo: Uint8Array.of(100, 150, 200), sketch: Uint8Array.of(17) };
    const change = { ...none(1), saturation: 0.5, contrast: 1.2, brightness: 10 };
    const { photo, sketch } = augmentPair(pair, 1, change);
    // Grey is 140.75. Half the saturation: 120.375, 145.375, 170.375. Contrast: 118.95, 148.95, 178.95. Then 10 more.
    expect([...photo]).toEqual([129, 159, 189]);
    expect([...sketch]).toEqual([17]);
    const bright = augmentPair(pair, 1, { ...change, brightness: 100 });
    expect([...bright.photo]).toEqual([219, 249, 255]);
  });

  it('is moved byte for byte, and mirrored where the border comes in', async () => {
    const rows = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
      [13, 14, 15, 16],
    ];
    const { photo, sketch } = augmentPair(greyPair(rows.flat()), 4, {
      ...none(4),
      crop: { left: 2, top: -1, side: 4 },
    });
    const expected = [
      [3, 4, 4, 3],
      [3, 4, 4, 3],
      [7, 8, 8, 7],
      [11, 12, 12, 11],
    ];
    expect(greyOf(photo)).toEqual(expected.flat());
    expect([...sketch]).toEqual(expected.flat());
  });

  it.each([
    ['grows', 50],
    ['shrinks', 80],
  ])('%s about a place: photo and lines alike', (_, side) => {
    const n = 64;
    const left = (n - side) / 2 + 3;
    // A photo that is three times as bright as its column says, and upright lines at columns 20 and 40.
    const values = Array.from({ length: n * n }, (_, i) => 3 * (i % n));
    const sketch = Uint8Array.from(values, (_, i) => (i % n === 20 || i % n === 40 ? 0 : 255));
    const crop = { left, top: (n - side) / 2, side };
    const result = augmentPair({ ...greyPair(values), sketch }, n, { ...none(n), crop });
    const column = (x: number) => ((x + 0.5) * side) / n - 0.5 + left;
    const photo = greyOf(result.photo);
    const shown = Array.from({ length: n }, (_, x) => x).filter((x) => column(x) >= 4 && column(x) <= n - 5);
    const errors = shown.flatMap((x) => [0, 20, 63].map((y) => photo[y * n + x] - 3 * column(x)));
    // Rounding alone.
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.51);
    const lines = [20, 40].map((c) => Math.floor(((c - left + 0.5) * n) / side));
    for (const y of [0, 10, 31, 63]) {
      const row = [...result.sketch.subarray(y * n, (y + 1) * n)];
      const found = shown.filter((x) => row[x] === 0);
      expect(found).toEqual(lines);
    }
  });

  it.each([46, 55, 61, 70, 91])(
    'keeps lines of any direction whole and one pixel wide (%i of 64 px)',
    (side) => {
      const n = 64;
      const sketch = new Uint8Array(n * n).fill(255);
      // A circle inside what is shown at any of these scales.
      for (let a = 0; a < 2 * Math.PI; a += 0.01)
        sketch[Math.round(32 + 18 * Math.sin(a)) * n + Math.round(32 + 18 * Math.cos(a))] = 0;
      const left = Math.round((n - side) / 2);
      const { sketch: result } = augmentPair({ photo: new Uint8Array(n * n * 3), sketch }, n, {
        ...none(n),
        crop: { left, top: left, side },
      });
      expect(regionsOf(result, n)).toBe(2);
      const circumference = (2 * Math.PI * 18 * n) / side;
      const ink = result.filter((v) => v === 0).length;
      // With eight neighbours a circle takes 0.9 pixels for each of its length.
      expect(ink / circumference).toBeGreaterThan(0.8);
      expect(ink / circumference).toBeLessThan(1.15);
    },
  );
});

/** Regions of paper, by four neighbours: a whole circle has two. */
function regionsOf(sketch: Uint8Array, n: number): number {
  const seen = new Set<number>();
  let regions = 0;
  for (let start = 0; start < n * n; start++) {
    if (sketch[start] === 0 || seen.has(start)) continue;
    regions++;
    const queue = [start];
    seen.add(start);
    for (let p = queue.pop(); p !== undefined; p = queue.pop()) {
      const next = [p - n, p + n, ...(p % n > 0 ? [p - 1] : []), ...(p % n < n - 1 ? [p + 1] : [])];
      for (const q of next) {
        if (q < 0 || q >= n * n || sketch[q] === 0 || seen.has(q)) continue;
        seen.add(q);
        queue.push(q);
      }
    }
  }
  return regions;
}

const n = 64;
const samples = await Promise.all(
  Array.from({ length: 10 }, async (_, k) => {
    const random = stream(1, 'photo', k);
    const photo = Uint8Array.from({ length: n * n * 3 }, () => random.integer(0, 256));
    const sketch = Uint8Array.from({ length: n * n }, (_, i) => (i % (9 + k) === 0 ? 0 : 255));
    const pairPath = join(folder, `${k}.png`);
    await writeFile(pairPath, await encodePair({ photo, sketch }, n));
    return { id: String(k), pairPath };
  }),
);

async function take(count: number, more: Partial<LoaderOptions>) {
  const options = { name: 'F', samples, resolution: n, batch: 5, seed: 1, ahead: 2, reporter: silent };
  const loader = new PairLoader({ ...options, ...more });
  const batches = [];
  for (let i = 0; i < count; i++) batches.push(await loader.next());
  const state = JSON.parse(JSON.stringify(loader.state()));
  await loader.close();
  return { batches, state };
}

describe('in training', () => {
  it('a sample changes from epoch to epoch, and by seed and stage, whatever is read ahead', async () => {
    const first = (await take(4, { augment: all })).batches;
    expect((await take(4, { augment: all, ahead: 7 })).batches).toEqual(first);
    const imageOf = (batches: typeof first, id: string) => {
      const { ids, images } = batches.find((batch) => batch.ids.includes(id)) ?? first[0];
      const i = ids.indexOf(id);
      return images.slice(i * n * n * 3, (i + 1) * n * n * 3);
    };
    expect(imageOf(first.slice(0, 2), '3')).not.toEqual(imageOf(first.slice(2), '3'));
    for (const more of [{ seed: 2 }, { name: 'level1' }])
      expect(imageOf((await take(2, { augment: all, ...more })).batches, '3')).not.toEqual(
        imageOf(first, '3'),
      );
  });

  it.each([1, 2, 3])('goes on exactly after %i batches', async (count) => {
    const whole = (await take(count + 3, { augment: all })).batches;
    const { state } = await take(count, { augment: all });
    expect((await take(3, { augment: all, state })).batches).toEqual(whole.slice(count));
  });

  it('gives the bytes as they are while all is off', async () => {
    expect((await take(4, { augment: off })).batches).toEqual((await take(4, {})).batches);
  });

  it('mirrors the hole of a mirrored sample', () => {
    const raw = { ids: ['a', 'b'], resolution: 2, images: new Uint8Array(24), sketches: new Uint8Array(8) };
    const holes = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0);
    const batch = toBatch({ ...raw, mirrored: [false, true] }, holes);
    expect([...batch.hole.dataSync()]).toEqual([1, 0, 0, 0, 0, 1, 0, 0]);
    tf.dispose([batch.image, batch.sketch, batch.hole]);
  });
});

it('leaves held-out samples alone', async () => {
  const source = { kind: 'folder', path: folder };
  const bytes = async (augment: object) => {
    const batch = await heldOutBatch(smallConfig({ source, cache: folder, augment }), samples, silent);
    if (!batch) throw new Error('no batch');
    const { image, sketch, hole, colour } = batch;
    const result = [image, sketch, hole].map((tensor) => tensor.dataSync());
    tf.dispose([image, sketch, hole, { ...colour }]);
    return result;
  };
  expect(await bytes({ ...all, mirror: 1 })).toEqual(await bytes({}));
});
