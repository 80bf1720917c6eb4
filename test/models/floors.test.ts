import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Floors that know methods by their interface alone. */
const floors = [
  'config',
  'core',
  'data',
  'editor',
  'eval',
  'export',
  'graph',
  'import',
  'infer',
  'losses',
  'nn',
  'train',
  'weights',
];
const methods =
  /\bdps\b|pix2pix|pconv|partial ?conv(olutions|\b(?!\d))|deep ?fill|sc-?fegan|deepps|deep plastic/i;
const networks = /(['"`])(F|FD|[GD]\d*)\1|\b[GD](16|32|64|128|256)\b|\bF’s\b/;

/** Code without its comments, which may say where something is from; line breaks stay. */
const withoutComments = (code: string) =>
  code
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '');

function named(pattern: RegExp, except: RegExp = /$^/): string[] {
  return floors.flatMap((floor) =>
    readdirSync(join('src', floor), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs)$/.test(file) && !except.test(join(floor, file)))
      .flatMap((file) =>
        withoutComments(readFileSync(join('src', floor, file), 'utf8'))
          .split('\n')
          .flatMap((line, i) =>
            pattern.test(line) ? [`src/${floor}/${file}:${i + 1}: ${line.trim()}`] : [],
          ),
      ),
  );
}

it('no floor but models and the command line names a method', () => {
  expect(named(methods)).toEqual([]);
});

it('no floor but models and the command line names a network of a method', () => {
  // Pickles have an instruction called G, and keyboards a key.
  expect(named(networks, /weights\/pytorch\/pickle\.ts|web\/ui\/edit-menu\.ts/)).toEqual([]);
});
