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
import { save } from '../infer/support.ts';

let folder: string;
let project: string;
let tarball: string;
let installed: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'package-')));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/deep-plastic-surgery');
  const run = promisify(execFile);
  await run(process.execPath, ['--import', 'tsx', 'scripts/build.ts']);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse((await run('npm', pack)).stdout);
  tarball = join(folder, filename);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies))
    link(join('node_modules', name), join(project, 'node_modules', name));
  env = { ...process.env, DPS_CACHE: join(folder, 'cache'), DPS_ENGINE: 'cpu' };
  // It compiles the whole program.
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(resolve(from), to);
}

const dps = (...args: string[]) =>
  spawnSync(process.execPath, [join(installed, 'scripts/run.mjs'), ...args], {
    cwd: project,
    env,
    encoding: 'utf8',
  });

/** What the program prints. */
function runProgram(text: string): string {
  writeFileSync(join(project, 'program.mjs'), text);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], {
    cwd: project,
    env,
    encoding: 'utf8',
  });
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
    runProgram(`
      import { writeFile } from 'node:fs/promises';
      import { loadEditor } from 'deep-plastic-surgery/infer';
      const editor = await loadEditor(${JSON.stringify(model)});
      const result = await editor.edit({ photo: 'photo.png', mask: 'mask.png', sketch: 'lines.png', l: 0.5 });
      await writeFile('result.png', await result.png());
    `);
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
