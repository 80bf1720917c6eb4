/** Follows docs/adding-a-method.md to the letter, in a copy of the program. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmokeRuns } from './smoke-runs.ts';

const page = readFileSync('docs/adding-a-method.md', 'utf8');
let root: string;
let runs: SmokeRuns;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sixth-'));
  const parts = [
    'src',
    'bench',
    'test',
    'scripts',
    'configs',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ];
  for (const name of parts) cpSync(name, join(root, name), { recursive: true });
  for (const name of ['node_modules', '.deps']) symlinkSync(resolve(name), join(root, name));
  for (const step of steps(page)) follow(step);
  runs = new SmokeRuns(root);
});
afterAll(() => {
  rmSync(root, { recursive: true });
  rmSync(runs.folder, { recursive: true });
});

/** A block of the page: a whole file, or lines that are added to one. */
interface Step {
  readonly language: string;
  /** The file that the text before the block names last. */
  readonly file: string;
  readonly text: string;
}

function steps(markdown: string): Step[] {
  const found: Step[] = [];
  let file = '';
  for (const [part, language, text] of markdown.matchAll(
    /^```(\w+)\n(.*?)^```|`((?:src|configs)\/[\w./-]+)`/gms,
  )) {
    if (language === undefined) file = part.slice(1, -1);
    else found.push({ language, file, text: text });
  }
  return found;
}

function follow({ language, file, text }: Step): void {
  const path = join(root, file);
  if (language !== 'diff') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
    return;
  }
  const [before, ...added] = text.trimEnd().split('\n') as [string, ...string[]];
  const lines = readFileSync(path, 'utf8').split('\n');
  const place = lines.indexOf(before.slice(1));
  expect(
    lines.filter((line) => line === before.slice(1)),
    `${file}: ${before}`,
  ).toHaveLength(1);
  expect(added.length > 0 && added.every((line) => line.startsWith('+'))).toBe(true);
  lines.splice(place + 1, 0, ...added.map((line) => line.slice(1)));
  writeFileSync(path, lines.join('\n'));
}

describe('a method that is added as the page says', () => {
  it('is formatted and typed as the rest', () => {
    const tools = join(root, 'node_modules/.bin');
    const types = spawnSync(join(tools, 'tsc'), ['--noEmit', '-p', '.'], { cwd: root, encoding: 'utf8' });
    expect(types.stdout).toBe('');
    cpSync('biome.json', join(root, 'biome.json'));
    const files = steps(page).flatMap(({ file }) => (file.endsWith('.ts') ? [file] : []));
    const lint = spawnSync(join(tools, 'biome'), ['check', '--error-on-warnings', ...files], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(lint.status, lint.stdout + lint.stderr).toBe(0);
  });
  it('trains, and goes on after an interruption as if there had been none', () => runs.trainTwice('plain'));
  it('is exported to ONNX with its proof', () => runs.exportOnnx('plain'));
  it('fills a hole of a photo', () => runs.infer('plain'));
  it('is evaluated', async () => {
    expect((await runs.evaluate()).printed).toMatch(/smoke-plain|plain-whole/);
  });
});
