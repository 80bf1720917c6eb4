/** Texts of configs that YAML would take for something else. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { UserError } from '../../src/runtime/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'texts-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sourcePath = (config: object): unknown =>
  (config as { data: { source: { path: string } } }).data.source.path;

/** What a config file's line `path: TEXT` means. */
function ofFile(line: string, more = ''): unknown {
  const path = join(folder, 'c.yaml');
  writeFileSync(
    path,
    `extends: ${resolve('configs/smoke.yaml')}\ndata:\n  source:\n    kind: folder\n    path: ${line}\n${more}`,
  );
  return sourcePath(readConfig(path, []).config);
}

const odd = [
  'my photos #2',
  '2024',
  '1e3',
  '0x10',
  '007',
  'a: b',
  '[faces]',
  '{faces}',
  '~',
  'null',
  'true',
  'yes',
  '.inf',
  '2024-01-01',
  '*x',
  '&x',
  '!x',
  '@x',
  '`x`',
  '%x',
  '- x',
  '? x',
  '| x',
  '> x',
  '"quoted"',
  "it's",
  '#1',
  ' spaces ',
  'a=b',
  'C:\\new\\x',
  '"open',
  '[open',
  'ünï 写',
];

describe('a text by --set is as it is written', () => {
  it.each(odd)('%s', (text) => {
    const sets = ['data.source.kind=folder', `data.source.path=${text}`, `data.cache=${text}`];
    const path = join(folder, 'minimal.yaml');
    writeFileSync(path, `extends: ${resolve('configs/smoke.yaml')}\n`);
    const { config } = readConfig(path, sets);
    expect(sourcePath(config)).toBe(text);
    expect((config as unknown as { data: { cache: string } }).data.cache).toBe(text);
  });

  it('in a list, and in a whole value as in a file', () => {
    const path = join(folder, 'list.yaml');
    const list = '[{kind: folder, path: 2024, name: 1}, {kind: tar, path: null}]';
    writeFileSync(path, `extends: ${resolve('configs/smoke.yaml')}\ndata: {source: ${list}}\n`);
    const { config } = readConfig(path, ['data.source.0.path=a: b #1']);
    expect(readConfig('configs/smoke.yaml', [`data.source=${list}`]).config.data.source).toMatchObject([
      { path: '2024', name: '1' },
      { path: 'null' },
    ]);
    expect(config.data.source).toMatchObject([{ path: 'a: b #1', name: '1' }, { path: 'null' }]);
  });

  it('by a real command finds its folder', () => {
    for (const name of ['my photos', 'my photos #2']) mkdirSync(join(folder, name));
    for (let i = 0; i < 3; i++) writeFileSync(join(folder, 'my photos', `${i}.png`), '');
    const args = ['train', '--config', 'configs/smoke.yaml', '--dry-run', '--set', 'data.source.kind=folder'];
    const { stderr, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/cli/main.ts', ...args, '--set', `data.source.path=${folder}/my photos #2`],
      { encoding: 'utf8' },
    );
    expect(stderr).toMatch(/holds no images[\s\S]*my photos #2/);
    expect(status).toBe(1);
  });
});

describe('a text of a file', () => {
  it.each(['2024', '1e3', '0x10', '007', '~', 'null', 'true', '.inf', '2024-01-01', 'yes', "it's", 'a#b'])(
    '%s is as it is written',
    (text) => {
      expect(ofFile(text)).toBe(text);
    },
  );

  it.each(odd)('%s in single quotes is that text', (text) => {
    expect(ofFile(`'${text.replaceAll("'", "''")}'`)).toBe(text);
  });

  it('may have a comment after it, or stand below its key', () => {
    expect(ofFile('photos # all of them')).toBe('photos');
    expect(ofFile('>-\n      my photos')).toBe('my photos');
    expect(ofFile('|\n      my photos')).toBe('my photos');
  });

  it.each([
    ['my photos #2', /c\.yaml:5[\s\S]*#[\s\S]*fix: .*'my photos #2'/],
    ['a: b', /c\.yaml:5[\s\S]*quotes/],
    ['[faces]', /c\.yaml:5: data\.source\.path[\s\S]*a text[\s\S]*\["faces"\][\s\S]*quotes/],
    ['{a: 1}', /c\.yaml:5: data\.source\.path[\s\S]*quotes/],
    ['*x', /c\.yaml:5[\s\S]*&x before it[\s\S]*quotes/],
    ['@x', /c\.yaml:5[\s\S]*quotes/],
    ['`x`', /c\.yaml:5[\s\S]*quotes/],
    ['%x', /c\.yaml:5[\s\S]*quotes/],
    ['!x y', /c\.yaml:5[\s\S]*quotes/],
    ['!!python/object:os.system x', /c\.yaml:5/],
    ['- x', /c\.yaml:5/],
    ['"C:\\new"', /c\.yaml:5[\s\S]*'C:\\new'/],
    ['"C:\\photos"', /c\.yaml:5/],
    ['', /c\.yaml:5: data\.source\.path[\s\S]*null/],
  ])('%s is told with its line', (line, message) => {
    expect(() => ofFile(line)).toThrow(UserError);
    expect(() => ofFile(line)).toThrow(message);
  });
});

describe('what YAML has besides', () => {
  it.each([
    ['a key twice', 'seed: 1\nseed: 2\n', /c\.yaml:7[\s\S]*remove one of the two/],
    ['a tab', 'output:\n\tlogEvery: 1\n', /c\.yaml:7[\s\S]*indent with spaces/],
    ['a merge key', 'output:\n  <<: {logEvery: 1}\n', /merge key[\s\S]*c\.yaml:7[\s\S]*extends/],
    ['two documents', '---\nseed: 1\n', /c\.yaml:6[\s\S]*---/],
    ['an alias within itself', 'output: &x\n  validationMetrics: [*x]\n', /c\.yaml:7[\s\S]*within itself/],
    ['a switch of YAML 1.1', 'runtime: {compile: yes}\n', /c\.yaml:6: runtime\.compile[\s\S]*write true/],
    ['zero bytes', '\0', /c\.yaml\n[\s\S]*UTF-8/],
  ])('%s is told with its line', (_, more, message) => {
    expect(() => ofFile('photos', more)).toThrow(UserError);
    expect(() => ofFile('photos', more)).toThrow(message);
  });

  it('an alias that stands for a value is that value, and a byte-order mark is none', () => {
    expect(ofFile('&p photos', 'name: *p\n')).toBe('photos');
    const path = join(folder, 'bom.yaml');
    writeFileSync(
      path,
      `\ufeffextends: ${resolve('configs/smoke.yaml')}\r\ndata: {source: {kind: folder, path: x}}\r\n`,
    );
    expect(sourcePath(readConfig(path, []).config)).toBe('x');
  });

  it('is told of --set', () => {
    for (const value of ['[1', '*x', '{a: 1, a: 2}', '!x 1'])
      expect(() => readConfig('configs/smoke.yaml', [`seed=${value}`])).toThrow(/--set seed=/);
  });
});

it('~/ is the user’s folder', () => {
  const sets = ['data.source.kind=folder', 'data.source.path=~/photos', 'data.cache=~x/~/'];
  const { config } = readConfig('configs/smoke.yaml', sets);
  expect(sourcePath(config)).toBe(join(homedir(), 'photos'));
  expect((config as unknown as { data: { cache: string } }).data.cache).toBe('~x/~/');
  expect(ofFile('~/photos')).toBe(join(homedir(), 'photos'));
  const args = ['--import', 'tsx', resolve('src/cli/main.ts'), 'train', '--config=~/none.yaml'];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stderr).toContain(
    `--config ${join(homedir(), 'none.yaml')}`,
  );
});

it('an empty value of a flag, as of a variable that is not set, is refused', () => {
  const args = ['--import', 'tsx', resolve('src/cli/main.ts'), 'infer', '--out', ''];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stderr).toMatch(/--out[\s\S]*variable/);
});
