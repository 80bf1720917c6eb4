import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { buildModels } from '../../scripts/build-models.ts';
import { exportPretrained } from '../../src/export/pretrained.ts';
import { loadEditor } from '../../src/infer/node.ts';
import { tinyCheckpoint } from '../editor/tiny-editor.ts';

const folder = mkdtempSync(join(tmpdir(), 'models-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('each model that ships becomes a proven ONNX file, once', async () => {
  const { checkpoint } = await tinyCheckpoint(folder);
  const [pretrained, out] = [join(folder, 'pretrained'), join(folder, 'out')];
  await exportPretrained({ checkpoint, out: join(pretrained, 'faces-64') });
  await buildModels(pretrained, out);
  expect(readdirSync(out).sort()).toEqual(['faces-64.json', 'faces-64.md', 'faces-64.onnx']);
  const report = JSON.parse(readFileSync(join(out, 'faces-64.json'), 'utf8'));
  expect(report).toMatchObject({ precision: 'fp16', proofs: [{ network: 'pipeline', format: 'onnx' }] });
  const editor = await loadEditor(join(out, 'faces-64.onnx'));
  expect(editor.resolution).toBe(64);
  await editor.close();

  const { mtimeMs } = statSync(join(out, 'faces-64.onnx'));
  await buildModels(pretrained, out);
  expect(statSync(join(out, 'faces-64.onnx')).mtimeMs).toBe(mtimeMs);
  // One that ships no more goes.
  rmSync(join(pretrained, 'faces-64'), { recursive: true });
  await buildModels(pretrained, out);
  expect(readdirSync(out)).toEqual([]);
});
