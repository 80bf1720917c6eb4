import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const PROGRAM = `
  const { loadOnnxruntime } = await import('${new URL('../../src/runtime/onnxruntime.ts', import.meta.url)}');
  await loadOnnxruntime().InferenceSession.create(new Uint8Array(2)).catch(() => console.log('loaded'));
`;

/** What onnxruntime says where its telemetry cannot keep the machine's identifier, and the files that it leaves where one stands. */
function tracesOfTelemetry(setting: string | undefined): string[] {
  const cwd = mkdtempSync(join(tmpdir(), 'telemetry-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  // In CI it sends nothing by itself.
  const { ORT_DISABLE_TELEMETRY: _, CI: __, ...rest } = process.env;
  const env = {
    ...rest,
    HOME: devNull,
    XDG_CACHE_HOME: devNull,
    ...(setting && { ORT_DISABLE_TELEMETRY: setting }),
  };
  const args = ['--import', TSX, '--input-type=module', '--eval', PROGRAM];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  expect(stdout, stderr).toBe('loaded\n');
  return [...stderr.split('\n').filter((line) => /telemetry/i.test(line)), ...readdirSync(cwd)];
}

it.runIf(process.platform === 'linux')('onnxruntime sends no usage data unless one asks for it', () => {
  expect(tracesOfTelemetry(undefined)).toEqual([]);
  expect(tracesOfTelemetry('0')).not.toEqual([]);
});
