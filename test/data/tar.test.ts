import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { configuredSources } from '../../src/config/run-config.ts';
import { PairLoader } from '../../src/data/loader.ts';
import { decodePair } from '../../src/data/pair.ts';
import { prepare } from '../../src/data/prepare.ts';
import { expandRanges, findShards } from '../../src/data/shards.ts';
import { openSource } from '../../src/data/sources.ts';
import { indexTar, readTarIndex, writeTar } from '../../src/data/tar.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { silent } from '../../src/runtime/progress.ts';
import { recorder, smallConfig, temporaryFolder, writePhoto } from './support.ts';

const temporary = await temporaryFolder();
let number = 0;
/** A new folder with these files, and the empty folder `made`. */
async function filled(files: Record<string, string> = {}): Promise<string> {
  const folder = join(temporary, `case-${number++}`);
  await mkdir(join(folder, 'made'), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}
/** Packs with the system's tar. */
const pack = (folder: string, ...args: string[]) => execFileSync('tar', args, { cwd: folder });

const long = `${'deep/'.repeat(30)}${'n'.repeat(90)}é.png`;
const files = {
  'a.jpg': 'first',
  'b/c.jpg': 'x'.repeat(1000),
  'b/empty.png': '',
  'notes.txt': 'z'.repeat(512),
};

/** With the check sum of the first header: of its bytes, the sum's own place counted as spaces. */
function withSum(tar: Buffer): Buffer {
  tar.fill(' ', 148, 156);
  const sum = tar.subarray(0, 512).reduce((a, b) => a + b);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return tar;
}

describe('the index of a tar file', () => {
  it.each([
    ['ustar', files],
    ['gnu', { ...files, [long]: 'of a long name' }],
    ['posix', { ...files, [long]: 'of a long name' }],
  ])('says where every file lies: %s', async (format, content: Record<string, string>) => {
    const folder = await filled(content);
    pack(folder, 'cf', 'made/x.tar', `--format=${format}`, '--exclude=made', '.');
    const bytes = await readFile(join(folder, 'made/x.tar'));
    const entries = indexTar(join(folder, 'made/x.tar'));
    const found = entries.map(({ name, offset, length }) => [
      name,
      bytes.subarray(offset, offset + length).toString(),
    ]);
    expect(found).toEqual(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const { mtimeMs } of entries) expect(Math.abs(mtimeMs - Date.now())).toBeLessThan(600_000);
  });

  it('takes the last of several files of one name', async () => {
    const folder = await filled({ 'a.jpg': 'old' });
    pack(folder, 'cf', 'x.tar', 'a.jpg');
    await writeFile(join(folder, 'a.jpg'), 'newer');
    pack(folder, 'rf', 'x.tar', 'a.jpg');
    const [entry, ...others] = indexTar(join(folder, 'x.tar'));
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ name: 'a.jpg', length: 5 });
  });

  it('reads what tar reads of a file that is written here, the same each time', async () => {
    const folder = await filled();
    const parts = [
      { name: 'one.png', bytes: Buffer.from('1'.repeat(700)) },
      { name: 'two.png', bytes: Buffer.alloc(0) },
      { name: 'three.png', bytes: Buffer.from('3'.repeat(512)) },
    ];
    await writeFile(join(folder, 'x.tar'), writeTar(parts));
    expect(writeTar(parts)).toEqual(writeTar(parts));
    expect(pack(folder, 'tf', 'x.tar').toString()).toBe('one.png\ntwo.png\nthree.png\n');
    for (const { name, bytes } of parts) expect(pack(folder, 'xOf', 'x.tar', name)).toEqual(bytes);
    expect(indexTar(join(folder, 'x.tar')).map(({ name }) => name)).toEqual([
      'one.png',
      'three.png',
      'two.png',
    ]);
  });

  it('knows sizes in binary, as GNU’s tar writes those of 8 GB and more', async () => {
    const path = join(await filled(), 'x.tar');
    const bytes = writeTar([{ name: 'a.jpg', bytes: Buffer.from('hello') }]);
    bytes.fill(0, 124, 136);
    bytes.writeUInt8(0x80, 124);
    bytes.writeUInt8(5, 135);
    await writeFile(path, withSum(bytes));
    expect(indexTar(path)).toMatchObject([{ name: 'a.jpg', offset: 512, length: 5 }]);
    bytes.writeUInt32BE(3, 128);
    await writeFile(path, withSum(bytes));
    // 3 * 2^32 + 5 bytes are more than there are.
    expect(() => indexTar(path)).toThrow(/within a\.jpg/);
  });

  it('says what to do about a file that the system does not open', async () => {
    const path = join(await temporaryFolder(), 'a.tar');
    await writeFile(path, '');
    expect(() => indexTar(join(path, 'b.tar'))).toThrow(
      /tar file cannot be opened[\s\S]*fix: +name a folder/,
    );
  });

  it('is made once, and anew when the file has changed', async () => {
    const folder = await filled({ 'a.jpg': 'first' });
    const [path, cache] = [join(folder, 'x.tar'), join(folder, 'cache')];
    pack(folder, 'cf', 'x.tar', 'a.jpg');
    const first = await readTarIndex(path, cache);
    expect(first).toEqual(indexTar(path));
    // A damaged index is made anew.
    const [index] = await readdir(join(cache, 'tar-index'));
    for (const text of ['', '[{"name": "a', '{}', '[1]', 'null']) {
      await writeFile(join(cache, 'tar-index', index), text);
      expect(await readTarIndex(path, cache)).toEqual(first);
    }
    await writeFile(join(cache, 'tar-index', index), '[]');
    expect(await readTarIndex(path, cache)).toEqual([]);
    await utimes(path, 1, 1);
    expect(await readTarIndex(path, cache)).toEqual(first);
  });

  const whole = writeTar([{ name: 'a.jpg', bytes: Buffer.alloc(1000) }]);
  const endless = Buffer.from(whole);
  endless.write('77777777777', 124);
  endless.write('L', 156);
  it.each([
    ['cut off', whole.subarray(0, 1300), /its end, after 1300 bytes, within a\.jpg/],
    ['compressed', gzipSync(whole), /not compressed[\s\S]*gunzip/],
    ['another format', Buffer.alloc(2000, 'text '), /no header of a file at byte 0/],
    [
      'damaged',
      Buffer.concat([whole.subarray(0, 1536), Buffer.alloc(600, 1)]),
      /no header of a file at byte 1536/,
    ],
    ['with a name of 8 GB', withSum(endless), /its end, after \d+ bytes, within what begins at byte 512/],
  ])('refuses a file that is %s', async (_, bytes, message) => {
    const path = join(await filled(), 'x.tar');
    await writeFile(path, bytes);
    const failed = () => indexTar(path);
    expect(failed).toThrow(UserError);
    expect(failed).toThrow(message);
    expect(failed).toThrow(path);
  });
});

describe('the tar files of a path', () => {
  it('ranges have as many digits as their first number', () => {
    expect(expandRanges('s-{008..011}.tar')).toEqual(['s-008.tar', 's-009.tar', 's-010.tar', 's-011.tar']);
    expect(expandRanges('{0..1}/s{8..10}')).toEqual(['0/s8', '0/s9', '0/s10', '1/s8', '1/s9', '1/s10']);
    expect(expandRanges('plain{a}.tar')).toEqual(['plain{a}.tar']);
  });

  it('have the same names by a pattern, a folder, or alone', async () => {
    const folder = await filled({
      's-0.tar': '',
      's-1.tar': '',
      't.TAR': '',
      '.x.tar': '',
      'a.zip': '',
      'sub/u.tar': '',
      'v.tar/w.png': '',
    });
    expect(await findShards(join(folder, 's-{0..1}.tar'), 'k')).toEqual({
      root: folder,
      names: ['s-0.tar', 's-1.tar'],
    });
    expect(await findShards(folder, 'k')).toEqual({
      root: folder,
      names: ['s-0.tar', 's-1.tar', 't.TAR'],
    });
    expect(await findShards(join(folder, 's-1.tar'), 'k')).toEqual({ root: folder, names: ['s-1.tar'] });
  });

  it('that are missing are named', async () => {
    const folder = await filled({ 's-1.tar': '' });
    await expect(findShards(join(folder, 's-{0..5}.tar'), 'data.source.path')).rejects.toThrow(
      /data\.source\.path[\s\S]*5 of 6 do not exist: .*s-0\.tar, .*s-2\.tar, .*s-3\.tar, \.\.\./,
    );
    await expect(findShards(join(folder, 'none.tar'), 'k')).rejects.toThrow(/none\.tar does not exist/);
    await expect(findShards(join(folder, 'made'), 'k')).rejects.toThrow(/holds no images[\s\S]*\*\.tar/);
  });
});

describe('a source of tar files', async () => {
  const root = await filled();
  for (let i = 0; i < 6; i++) await writePhoto(join(root, `p/${i}.png`), 96, 80, 6 * i);
  await writeFile(join(root, 'p/broken.jpg'), 'no image');
  await writeFile(join(root, 'p/0.txt'), 'a caption');
  await writeFile(join(root, 'p/._1.png'), 'of a Mac');
  pack(join(root, 'p'), 'cf', '../s-0.tar', '0.png', '0.txt', '1.png', './._1.png', 'broken.jpg', '2.png');
  pack(join(root, 'p'), 'cf', '../s-1.tar', './3.png', './4.png', './5.png');
  const cache = join(root, 'cache');
  const source = { kind: 'tar', path: join(root, 's-{0..1}.tar') };
  const config = smallConfig({ source, cache });
  const all = ({ samples }: PreparedData) => [...samples.train, ...samples.validation, ...samples.test];
  const ids = (data: PreparedData) =>
    all(data)
      .map(({ id }) => id)
      .sort();
  const reporter = recorder();
  const prepared = await prepare({ config, reporter });

  it('lists the images of all of them', async () => {
    const [one] = configuredSources(config.data);
    const { items, summary } = await openSource(one, cache, 64, silent);
    expect(items.map(({ id }) => id)).toEqual([
      ...['0.png', '1.png', '2.png', 'broken.jpg'].map((name) => `s-0.tar/${name}`),
      ...['3.png', '4.png', '5.png'].map((name) => `s-1.tar/${name}`),
    ]);
    expect(summary).toBe(`7 photos in ${root}`);
  });

  it('gives the pairs that a folder gives, in a tar file', async () => {
    const folder = { kind: 'folder', path: join(root, 'p') };
    const plain = await prepare({ config: smallConfig({ source: folder, cache }), reporter: silent });
    expect(ids(prepared)).toEqual([0, 1, 2, 3, 4, 5].map((i) => `s-${i < 3 ? 0 : 1}.tar/${i}.png`));
    for (const { id, pairPath, part } of all(prepared)) {
      const twin = all(plain).find((sample) => id.endsWith(`/${sample.id}`));
      expect(await decodePair(pairPath, 64, part)).toEqual(await decodePair(twin?.pairPath ?? '', 64));
    }
    const files = await readdir(join(prepared.folders[0], 'pairs'));
    expect(files).toEqual([expect.stringMatching(/\.tar$/)]);
  });

  it('tells which image of which tar file cannot be used', () => {
    expect(prepared.problems).toEqual([
      { path: join(root, 's-0.tar/broken.jpg'), reason: expect.stringMatching(/cannot be decoded/) },
    ]);
  });

  it('is prepared once, by whatever path; what is added is added', async () => {
    const tasks: unknown[][] = [];
    const task: typeof silent.task = (...args) => {
      tasks.push(args);
      return silent.task(...args);
    };
    const again = await prepare({ config, reporter: { ...silent, task } });
    expect(again).toEqual(prepared);
    const whole = smallConfig({ source: { kind: 'tar', path: root }, cache });
    expect(await prepare({ config: whole, reporter: { ...silent, task } })).toEqual(prepared);
    await writePhoto(join(root, 'p/6.png'), 96, 80, 50);
    pack(join(root, 'p'), 'rf', '../s-1.tar', '6.png');
    tasks.length = 0;
    const more = await prepare({ config, reporter: { ...silent, task } });
    expect(tasks).toEqual([
      ['Index', 2, 'tar files'],
      ['Sketches', 1, 'images'],
    ]);
    expect(ids(more)).toEqual([...ids(prepared), 's-1.tar/6.png']);
  });

  it('keeps what is done when it is stopped', async () => {
    const stopped = join(root, 'stopped');
    const stop = new AbortController();
    const task: typeof silent.task = (label) => ({
      update: (done) => label === 'Sketches' && done > 0 && stop.abort(new Error('stopped by the user')),
      finish() {},
    });
    // Large for the network, so that it takes few at a time.
    const edges = { size: 256, padding: 128 };
    const slow = smallConfig({ source, cache: stopped, edges });
    await expect(
      prepare({ config: slow, reporter: { ...silent, task }, signal: stop.signal }),
    ).rejects.toThrow('stopped by the user');
    const labels: unknown[][] = [];
    const counting: typeof silent.task = (...args) => {
      labels.push(args);
      return silent.task(...args);
    };
    const rest = await prepare({ config: slow, reporter: { ...silent, task: counting } });
    expect(labels[1][0]).toBe('Sketches');
    expect(labels[1][1]).toBeLessThan(7);
    expect(ids(rest)).toEqual([...ids(prepared), 's-1.tar/6.png']);
  });

  it('is read by the loader, which replaces what is damaged', async () => {
    const options = { name: 'F', resolution: 64, batch: 2, seed: 1, ahead: 2 };
    const samples = all(prepared);
    const loader = new PairLoader({ ...options, samples, reporter: silent });
    const { ids: got, images } = await loader.next();
    await loader.close();
    for (const [i, id] of got.entries()) {
      const { pairPath, part } = samples.find((sample) => sample.id === id) ?? samples[0];
      const { photo } = await decodePair(pairPath, 64, part);
      expect(images.subarray(i * photo.length, (i + 1) * photo.length)).toEqual(photo);
    }
    // The last pair of the file is lost.
    const last = samples.reduce((a, b) => ((a.part?.offset ?? 0) > (b.part?.offset ?? 0) ? a : b));
    const copy = join(root, 'cut.tar');
    await writeFile(copy, await readFile(last.pairPath));
    await truncate(copy, (last.part?.offset ?? 0) + 100);
    const cut = samples.map((sample) => ({ ...sample, pairPath: copy }));
    const heard = recorder();
    const damaged = new PairLoader({ ...options, samples: cut, batch: 6, reporter: heard });
    expect((await damaged.next()).ids).not.toContain(last.id);
    await damaged.close();
    expect(heard.warnings).toEqual([expect.stringContaining(`${copy} (${last.id})`)]);
  });
});
