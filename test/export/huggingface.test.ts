/** An export for the Hugging Face Hub has the files and the metadata that the hub reads, and no number that was not measured. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportHuggingFace, type HuggingFaceOptions } from '../../src/export/huggingface.ts';
import type { ExportReport } from '../../src/export/report.ts';
import { createMethod } from '../../src/models/registry.ts';
import { randomiseWeights } from '../graph/graphs.ts';
import { tinyConfig } from '../models/dps/tiny.ts';
import { saveMethod } from '../models/save.ts';

const tiny = tinyConfig();
const config = { ...tiny, data: { ...tiny.data, cache: '/home/me/cache' } };
let folder: string;
let checkpoint: string;
let out: string;
let report: ExportReport;

const make = (change: Partial<HuggingFaceOptions> = {}) => exportHuggingFace({ checkpoint, out, ...change });
const frontMatter = (path: string) => {
  const [, head, text] = /^---\n(.*?)\n---\n\n(.*)$/s.exec(readFileSync(join(path, 'README.md'), 'utf8'))!;
  return { metadata: parse(head), text };
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'huggingface-'));
  const method = createMethod(config);
  for (const network of Object.values(method.networks)) randomiseWeights(network);
  checkpoint = await saveMethod(join(folder, 'runs/00001-a'), method, config, ['G16', 'G32', 'G64', 'F'], 5);
  method.dispose();
  out = join(folder, 'faces');
  report = await make({ license: 'cc-by-4.0' });
});
afterAll(() => rmSync(folder, { recursive: true }));

it('has what the hub looks for', () => {
  expect(readdirSync(out).sort()).toEqual(
    ['README.md', 'config.json', 'export.json', 'onnx', 'safetensors'].sort(),
  );
  expect(readdirSync(join(out, 'onnx'))).toEqual(['pipeline.onnx']);
  expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
    model_type: 'dps',
    library_name: 'deep-plastic-surgery',
    name: 'faces',
    resolution: 64,
    data: { cache: 'cache' },
  });
});

it('has a card with the hub’s metadata, and without numbers where nothing was measured', () => {
  const { metadata, text } = frontMatter(out);
  expect(metadata).toEqual({
    license: 'cc-by-4.0',
    library_name: 'deep-plastic-surgery',
    pipeline_tag: 'image-to-image',
    tags: expect.arrayContaining(['inpainting', 'dps', 'onnx', 'safetensors']),
  });
  expect(text).toMatch(/^# Deep Plastic Surgery[\s\S]*## Equality with the checkpoint[\s\S]*Not stated/);
});

it('tells nothing of the machine that trained it', () => {
  for (const file of ['README.md', 'config.json', 'export.json', 'onnx/pipeline.onnx'])
    expect(readFileSync(join(out, file), 'latin1')).not.toContain('/home/me');
});

it('takes an evaluation of the same checkpoint: all photos and holes, the least degraded sketches', async () => {
  const row = {
    method: 'a',
    d: 0,
    l: 0.5,
    hole: null,
    size: null,
    source: null,
    metric: 'l1',
    region: 'hole',
  };
  const evaluation = {
    set: { suite: 'quick', split: 'test' },
    methods: [{ label: 'a', checkpoint: { sha256: report.origin.sha256 } }, { label: 'mean colour' }],
    rows: [
      { ...row, mean: 0.03 },
      { ...row, metric: 'psnr', mean: 24 },
      { ...row, l: 1, mean: 0.04 },
      { ...row, d: 0.5, mean: 0.9 },
      { ...row, hole: 'brush', mean: 0.9 },
      { ...row, method: 'mean colour', mean: 0.9 },
    ],
  };
  const path = join(folder, 'metrics.json');
  writeFileSync(path, JSON.stringify(evaluation));
  const measured = join(folder, 'measured');
  await make({ out: measured, evaluation: path });
  expect(frontMatter(measured).metadata['model-index']).toEqual([
    {
      name: 'measured',
      results: [
        {
          task: { type: 'image-to-image', name: 'suite quick, d = 0, l = 0.5' },
          dataset: { type: 'own', name: 'built-in rendered faces', split: 'test' },
          metrics: [
            { type: 'l1', name: 'l1, hole', value: 0.03 },
            { type: 'psnr', name: 'psnr, hole', value: 24 },
          ],
        },
        expect.objectContaining({ task: { type: 'image-to-image', name: 'suite quick, d = 0, l = 1' } }),
      ],
    },
  ]);
  const other = { ...evaluation, methods: [{ label: 'a', checkpoint: { sha256: '0' } }] };
  writeFileSync(path, JSON.stringify(other));
  const refused = join(folder, 'refused');
  await expect(make({ out: refused, evaluation: path })).rejects.toThrow(
    /not of this checkpoint[\s\S]*--evaluation/,
  );
  writeFileSync(path, '{}');
  await expect(make({ out: refused, evaluation: path })).rejects.toThrow(
    /cannot be read[\s\S]*npm run evaluate/,
  );
  expect(readdirSync(folder)).not.toContain('refused');
});
