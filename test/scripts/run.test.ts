/** The entry of the npm scripts, in a checkout that is set up and whose program shows what it is given. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, fakeCheckout, write } from './support.ts';

/** A checkout in which nothing has to be set up. */
function checkout(): string {
  const folder = realpathSync(fakeCheckout());
  write(join(folder, 'scripts/setup/setup.mjs'), 'export async function setUp() {}');
  write(join(folder, 'node_modules/tsx/package.json'), '{"main": "index.js"}');
  // Shows what the program is given, in its place.
  write(
    join(folder, 'node_modules/tsx/index.js'),
    'console.log(JSON.stringify([process.cwd(), process.argv.slice(2), process.env.TSX_TSCONFIG_PATH])); process.exit()',
  );
  mkdirSync(join(folder, 'docs'));
  return folder;
}

function run(folder: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd = folder) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, 'scripts/run.mjs'), ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout === '' ? undefined : JSON.parse(stdout);
}

const npm = (name: string, INIT_CWD: string) => ({ npm_lifecycle_event: name, npm_command: 'run', INIT_CWD });

describe('a command works where the user stands', () => {
  it('in a folder of the checkout, or elsewhere with --prefix', () => {
    const folder = checkout();
    for (const place of [folder, join(folder, 'docs'), realpathSync(emptyFolder())])
      expect(run(folder, ['train', '--config', 'a'], npm('train', place))).toEqual([
        place,
        ['train', '--config', 'a'],
        join(folder, 'tsconfig.json'),
      ]);
  });

  it('also without a package manager', () => {
    const folder = checkout();
    const place = realpathSync(emptyFolder());
    expect(run(folder, ['train'], {}, place)[0]).toBe(place);
    // Of a terminal that a script of something else has opened.
    expect(run(folder, ['train'], npm('start', place))[0]).toBe(folder);
  });

  it('and a folder that is gone is not needed', () => {
    const folder = checkout();
    expect(run(folder, ['train'], npm('train', '/nowhere'))[0]).toBe(folder);
  });
});

it('a -- that pnpm passes on is no argument', () => {
  const folder = checkout();
  expect(run(folder, ['train', '--', '--config', 'X'])[1]).toEqual(['train', '--config', 'X']);
  expect(run(folder, ['train', '--dry-run', '--', '--config', 'X'])[1]).toEqual([
    'train',
    '--dry-run',
    '--config',
    'X',
  ]);
});

describe('prepare', () => {
  const yarn = (first: string) => ({ npm_config_argv: JSON.stringify({ cooked: first.split(' ') }) });
  const bun = { npm_config_user_agent: 'bun/1.2.18 npm/? node/v24.3.0 linux x64' };

  it.each([
    ['npm', { npm_command: 'ci' }],
    ['pnpm', { npm_command: 'install' }],
    ['Yarn', yarn('install')],
    ['Bun', bun],
  ])('does nothing when %s installs', (_, env) => {
    expect(run(checkout(), ['prepare'], env)).toBeUndefined();
  });

  it.each([
    ['npm', { npm_command: 'run' }],
    ['pnpm', { npm_command: 'run-script' }],
    ['Yarn', yarn('run prepare')],
    ['Bun', { ...bun, npm_command: 'run-script' }],
    ['nobody', {}],
  ])('is a command when %s runs it', (_, env) => {
    expect(run(checkout(), ['prepare', '--config', 'X'], env)[1]).toEqual(['prepare', '--config', 'X']);
  });
});
