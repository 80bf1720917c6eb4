import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { readSafetensors, type StoredTensor } from '../../src/formats/safetensors.ts';
import type { Reporter } from '../../src/runtime/progress.ts';

const fixtures = fileURLToPath(new URL('../../../shared/reference/fixtures/public/', import.meta.url));

/** False where the folder of the original's results is not beside the project; such tests are then skipped. */
export const haveFixtures = existsSync(fixtures);
export const fixtureNote = haveFixtures ? '' : ' (skipped: ../shared/reference/fixtures is not there)';

export function fixture(name: string): Map<string, StoredTensor> {
  return readSafetensors(join(fixtures, `${name}.safetensors`));
}

/** A temporary folder for this file's tests, removed after them. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dps-test-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A reporter that remembers what it was told. */
export function recorder(): Reporter & { infos: string[]; warnings: string[] } {
  const infos: string[] = [];
  const warnings: string[] = [];
  return {
    infos,
    warnings,
    info: (message) => infos.push(message),
    warn: (message) => warnings.push(message),
    task: () => ({ update() {}, finish() {} }),
  };
}
