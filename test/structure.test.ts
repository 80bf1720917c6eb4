/** The floors of src are all of src, and the exceptions that they allow are needed. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

interface Floor {
  readonly folders: readonly string[];
  readonly pairs?: Readonly<Record<string, readonly string[]>>;
}
const floors: readonly Floor[] = createRequire(import.meta.url)('../scripts/floors.cjs');

const folders = (): string[] =>
  readdirSync('src', { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** The folders of src from which files of one import. */
function importedBy(folder: string): Set<string> {
  const files = readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|mjs)$/.test(name),
  );
  const found = new Set<string>();
  for (const name of files) {
    const path = join('src', folder, name);
    for (const [, specifier] of readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = relative(resolve('src'), resolve(path, '..', specifier));
      found.add(target.split('/')[0]);
    }
  }
  return found;
}

it('every folder of src is on one floor', () => {
  expect(floors.flatMap(({ folders }) => folders).sort()).toEqual(folders().sort());
});

it('every pair of neighbours that may import each other does', () => {
  const unused = floors.flatMap(({ pairs = {} }) =>
    Object.entries(pairs).flatMap(([from, targets]) => {
      const imported = importedBy(from);
      return targets.filter((to) => !imported.has(to)).map((to) => `${from} -> ${to}`);
    }),
  );
  expect(unused).toEqual([]);
});
