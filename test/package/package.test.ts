/**
 * The npm package as it is packed, unpacked in a project elsewhere. Its dependencies are links to those of this clone, and
 * only those that it declares: npm itself would fetch 400 MB for the same.
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRIES, writeApiReport } from '../../scripts/api-report.ts';
import { exportModel } from '../../src/export/run.ts';
import { loadEditor } from '../../src/infer/node.ts';
import { tinyCheckpoint } from '../editor/tiny-editor.ts';
import { busyPhoto, rectangle } from '../infer/rasters.ts';
import { load, save } from '../infer/support.ts';

let folder: string;
let project: string;
let tarball: string;
let installed: string;
let env: NodeJS.ProcessEnv;
/** Programs of other versions of Node, or why there is none. */
let nodes: ReadonlyMap<string, { readonly program: string } | { readonly missing: string }>;

const run = promisify(execFile);

/** The versions that the package supports beside the one that runs the tests, as npm's registry has them. */
const NODES = ['20.20.2', '22.22.0', '24.21.0'].filter(
  (version) => version.split('.')[0] !== process.versions.node.split('.')[0],
);

/** Fetches a Node from npm's registry, or from npm's cache. */
async function fetchNode(version: string) {
  const at = join(folder, `node-${version}`);
  mkdirSync(at);
  const name = `node-${process.platform}-${process.arch}`;
  try {
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', at], { timeout: 120_000 });
    await run('tar', ['-xzf', join(at, `${name}-${version}.tgz`), '-C', at, 'package/bin/node']);
    return { program: join(at, 'package/bin/node') };
  } catch (error) {
    return { missing: (error as Error).message.trim().split('\n').slice(0, 3).join(' ') };
  }
}

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'package-')));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/deep-plastic-surgery');
  const fetching = Promise.all(NODES.map(async (version) => [version, await fetchNode(version)] as const));
  // What a release packs: it builds by itself what it holds.
  await run('npm', ['pack', '--ignore-scripts=false', '--pack-destination', folder]);
  nodes = new Map(await fetching);
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) as string);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies))
    link(join('node_modules', name), join(project, 'node_modules', name));
  env = { ...process.env, DPS_CACHE: join(folder, 'cache'), DPS_ENGINE: 'cpu' };
  // It compiles the whole program.
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(resolve(from), to);
}

const inProject = (node: string, ...args: string[]) =>
  spawnSync(node, args, { cwd: project, env, encoding: 'utf8' });

const DPS = () => join(installed, 'scripts/run.mjs');
const dps = (...args: string[]) => inProject(process.execPath, DPS(), ...args);

/** What the program prints. */
function runProgram(text: string, node = process.execPath): string {
  writeFileSync(join(project, 'program.mjs'), text);
  const { status, stdout, stderr } = inProject(node, 'program.mjs');
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describe('what is packed', () => {
  it('is the built program, without its sources, tests and pages', () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
    for (const needed of [
      'LICENSE',
      'README.md',
      'dist/index.js',
      'dist/index.d.ts',
      'dist/editor/web/main.js',
      'configs/quickstart.yaml',
      'native/functions.cc',
    ])
      expect(files).toContain(needed);
    expect(files.filter((name) => /(?<!\.d)\.ts$|^(test|docs|bench)\/|package-lock/.test(name))).toEqual([]);
    // Modules that threads run are named as they are here.
    for (const name of files.filter((name) => /^dist\/.*\.js$/.test(name)))
      for (const [, module] of readFileSync(join(installed, name), 'utf8').matchAll(
        /^(?! *\*).*new URL\('(\.[^']*\.m?[jt]s)', import\.meta/gm,
      ))
        expect(existsSync(join(installed, dirname(name), module)), `${name}: ${module}`).toBe(true);
  });

  it('is what publint and arethetypeswrong want', async () => {
    const { messages } = await publint({ pkgDir: installed, level: 'suggestion', pack: false });
    expect(messages).toEqual([]);
    const attw = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');
    const flags = ['--profile', 'esm-only', '--exclude-entrypoints', './models/*', '--no-color'];
    const { status, stdout } = spawnSync(process.execPath, [attw, tarball, ...flags], { encoding: 'utf8' });
    expect(status, stdout).toBe(0);
  });

  it.each(Object.keys(ENTRIES) as (keyof typeof ENTRIES)[])('offers what the API report %s says', (name) => {
    const written = join(folder, 'api');
    mkdirSync(written, { recursive: true });
    expect(writeApiReport(name, resolve('dist'), written)).toEqual([]);
    // If this is meant: npm run build && npm run api-report.
    expect(readFileSync(join(written, `${name}.api.md`), 'utf8')).toBe(
      readFileSync(`api/${name}.api.md`, 'utf8'),
    );
  });
});

const tenLines = (model: string) => `
  import { writeFile } from 'node:fs/promises';
  import { loadEditor } from 'deep-plastic-surgery/infer';
  const editor = await loadEditor(${JSON.stringify(model)});
  const result = await editor.edit({ photo: 'photo.png', mask: 'mask.png', sketch: 'lines.png', l: 0.5 });
  await writeFile('result.png', await result.png());
`;

/** The flags of the same pictures. */
const FLAGS = ['--image', 'photo.png', '--mask', 'mask.png', '--sketch', 'lines.png', '--l', '0.5'];

describe('deep-plastic-surgery/infer', () => {
  it('edits a photo in ten lines, as the sources do', async () => {
    const { checkpoint } = await tinyCheckpoint(folder);
    await exportModel({ checkpoint, out: join(folder, 'export'), formats: ['onnx'] });
    const model = join(folder, 'export/onnx/pipeline.onnx');
    const files = {
      photo: await save(join(project, 'photo.png'), busyPhoto(96, 96)),
      mask: await save(join(project, 'mask.png'), rectangle([96, 96], [30, 40, 60, 70])),
      sketch: await save(join(project, 'lines.png'), rectangle([96, 96], [40, 40, 42, 70], [0, 255])),
    };
    runProgram(tenLines(model));
    const editor = await loadEditor(model);
    const expected = await (await editor.edit(files)).png();
    await editor.close();
    expect(readFileSync(join(project, 'result.png')).equals(expected)).toBe(true);
  });

  it('is the browser’s own for who bundles it', async () => {
    const { metafile } = await build({
      stdin: { contents: "export * from 'deep-plastic-surgery/infer'", resolveDir: project },
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      external: ['onnxruntime-web', 'node:*', ...builtinModules],
      logLevel: 'silent',
    });
    const [{ imports }] = Object.values(metafile.outputs);
    expect(imports.map(({ path }) => path)).toEqual(['onnxruntime-web']);
  });

  it('knows the models that ship by their names', () => {
    cpSync(join(folder, 'export/onnx/pipeline.onnx'), join(installed, 'dist/pretrained/tiny.onnx'));
    const text = `
      import { loadEditor } from 'deep-plastic-surgery/infer';
      console.log((await loadEditor('tiny')).resolution);
      await loadEditor('other').catch((error) => console.log(error.name, error.message));`;
    expect(runProgram(text)).toMatch(
      /^64\nUserError No model of that name[\s\S]*expected: one of .*tiny, or the path/,
    );
  });
});

describe('dps', () => {
  it('shows its commands before anything is set up', () => {
    const { status, stdout, stderr } = dps('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('npx dps train');
    expect(stdout).not.toContain('npm run');
    expect(dps('train', '-h').stdout).toContain('npx dps train --config');
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('fills holes by a model that ships, before anything is set up', async () => {
    const { status, stdout, stderr } = dps('infer', '--checkpoint', 'tiny', ...FLAGS, '--out', 'filled');
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('filled/photo-IOUT.png');
    const pixels = await load(join(project, 'result.png'));
    expect(await load(join(project, 'filled/photo-IOUT.png'))).toEqual(pixels);
    expect(existsSync(join(project, 'filled/photo-SGEN.png'))).toBe(true);
    const face = dps('infer', '--checkpoint', 'tiny', ...FLAGS, '--region', 'face', '--out', 'faces');
    expect([face.status, face.stderr]).toEqual([1, expect.stringContaining('finds no faces')]);
    const edit = dps('edit', '--checkpoint', 'tiny');
    expect([edit.status, edit.stderr]).toEqual([
      1,
      expect.stringMatching(/edit takes a checkpoint[\s\S]*tiny\.onnx[\s\S]*npx dps infer/),
    ]);
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it.for(NODES)('does so on Node %s, and the ten lines as well', async (version, { skip }) => {
    const node = nodes.get(version) as { program: string } | { missing: string };
    if ('missing' in node) return skip(`no Node ${version}: ${node.missing}`);
    const expected = await load(join(project, 'result.png'));
    rmSync(join(project, 'result.png'));
    runProgram(`console.log(process.versions.node); ${tenLines('tiny')}`, node.program);
    expect(await load(join(project, 'result.png'))).toEqual(expected);
    const flags = ['--checkpoint', 'tiny', ...FLAGS, '--out', `node-${version}`];
    const { status, stderr } = inProject(node.program, DPS(), 'infer', ...flags);
    expect(status, stderr).toBe(0);
    expect(await load(join(project, `node-${version}/photo-IOUT.png`))).toEqual(expected);
  });

  it('finds the native engine in the cache, for commands and for programs', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const cache = join(folder, 'cache', version);
    // As set-up would have left it, but with links: nothing in this clone is written to.
    link('.deps/python', join(cache, 'python'));
    for (const name of readdirSync('.deps/engines/cpu'))
      link(join('.deps/engines/cpu', name), join(cache, 'engines/cpu', name));
    const { packages } = JSON.parse(readFileSync(join(installed, 'dist/engine-lock.json'), 'utf8'));
    for (const path of Object.keys(packages))
      if (
        /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) &&
        existsSync(path) &&
        path !== 'node_modules/@tensorflow/tfjs-node-gpu'
      )
        link(path, join(cache, path));
    const binding = 'node_modules/@tensorflow/tfjs-node-gpu';
    cpSync(binding, join(cache, binding), { recursive: true, filter: (path) => !path.endsWith('.node') });
    cpSync('node_modules/.package-lock.json', join(cache, 'node_modules/.package-lock.json'));
    const doctor = dps('doctor');
    expect(doctor.stdout).toContain('Everything is there.');
    // The addon is there already.
    expect(doctor.stderr).not.toMatch(/addon/);
    const text = `
      import { planRun } from 'deep-plastic-surgery';
      const { plan } = await planRun({ config: ${JSON.stringify(join(installed, 'configs/smoke.yaml'))} });
      console.log(plan.stages.length > 0);`;
    expect(runProgram(text)).toBe('true\n');
  });
});
