/**
 * The whole path exported in half precision and loaded by a page, at a configuration's widths with random weights:
 * `node --import tsx bench/export.ts [CONFIG] [--set KEY=VALUE ...]`. Prints for each format the files' size, how long
 * the export took with its proof, and how long headless Chromium takes to load it and to compute one picture on
 * WebAssembly.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pipeline } from '../src/core/computation.ts';
import { makeCases } from '../src/export/proof.ts';
import { type ExportFormat, exportModel } from '../src/export/run.ts';
import { toModel } from '../src/graph/onnx/session.ts';
import { loadMethod } from '../src/models/load.ts';
import { readConfig } from '../src/models/read-config.ts';
import { createMethod } from '../src/models/registry.ts';
import { launch } from '../test/editor/browser.ts';
import type { Plain } from '../test/export/page.ts';
import { bundle, pageOf, RUNTIME_SCRIPTS, serve } from '../test/export/serve.ts';
import { saveMethod } from '../test/models/save.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { set: { type: 'string', multiple: true, default: [] } },
});
const { config } = readConfig(positionals[0] ?? 'configs/dps.yaml', values.set);
const folder = mkdtempSync(join(tmpdir(), 'bench-export-'));

async function makeCheckpoint(): Promise<string> {
  const method = createMethod(config);
  try {
    return await saveMethod(join(folder, 'run'), method, config, Object.keys(method.networks), 1);
  } finally {
    method.dispose();
  }
}

const checkpoint = await makeCheckpoint();
const loaded = await loadMethod(checkpoint);

/** Exports one format; gives the size of the files that a program loads, and the time. */
async function measureExport(format: ExportFormat): Promise<void> {
  const begin = performance.now();
  const before = process.cpuUsage();
  const out = join(folder, format);
  const { files, proofs } = await exportModel({ checkpoint, formats: [format], precision: 'fp16', out });
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = `${((user + system) / 1e6).toFixed(1)} s of CPU time`;
  const sizes = Object.entries(files).map(([path, { bytes }]) =>
    path.startsWith(`${format}/`) ? bytes / 1e6 : 0,
  );
  const size = sizes.reduce((sum, megabytes) => sum + megabytes, 0);
  const worst = Math.max(...Object.values(proofs[0].outputs).map(({ max }) => max));
  console.log(
    `${format}: ${size.toFixed(1)} MB, exported and proven in ${seconds.toFixed(1)} s (${cpu}), differs by ${worst.toExponential(1)} at most`,
  );
}

try {
  for (const format of ['onnx', 'tfjs'] as const) await measureExport(format);
  const { inputs } = makeCases(pipeline(loaded.method, config))[0];
  const channelsLast: Record<string, Plain> = {};
  const channelsFirst: Record<string, Plain> = {};
  for (const [name, { shape, data }] of Object.entries(inputs)) {
    const turned = toModel({ shape, data });
    channelsLast[name] = { shape, data: [...data] };
    channelsFirst[name] = { shape: turned.dims, data: [...(turned.data as Float32Array)] };
  }
  const site = await serve(
    { onnx: join(folder, 'onnx'), tfjs: join(folder, 'tfjs') },
    {
      '/index.html': pageOf(...RUNTIME_SCRIPTS, '/page.mjs'),
      '/page.mjs': await bundle("import './page.ts';"),
    },
  );
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}/index.html`);
    await page.waitForFunction(() => globalThis.runOnnx !== undefined);
    const graphModel = await page.evaluate(
      async (feeds) => (await runGraphModel('/tfjs/tfjs/pipeline/model.json', 'wasm', feeds)).seconds,
      channelsLast,
    );
    const onnx = await page.evaluate(
      async (feeds) => (await runOnnx('/onnx/onnx/pipeline.onnx', 'wasm', feeds)).seconds,
      channelsFirst,
    );
    for (const [name, { load, run }] of Object.entries({ onnx, tfjs: graphModel }))
      console.log(`${name} in Chromium: loaded in ${load.toFixed(1)} s, one picture in ${run.toFixed(1)} s`);
  } finally {
    await browser.close();
    await site.close();
  }
} finally {
  loaded.method.dispose();
  rmSync(folder, { recursive: true });
}
