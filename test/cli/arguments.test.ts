/** Commands as people type them, with a real npm and real shells. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { typedArguments } from '../../src/cli/arguments.ts';
import { type Command, defineCommand, setFlag, text, texts, wholeNumber } from '../../src/cli/command.ts';
import { commandLine, shellWord, shipped } from '../../src/runtime/command-line.ts';

const flags = {
  config: text('--config', ''),
  checkpoint: text('--checkpoint', ''),
  ...setFlag,
  'max-steps': wholeNumber('--max-steps', ''),
  strip: texts(''),
  l: text('--l', ''),
  'dry-run': { type: 'boolean', default: false },
} as const;
const command: Command = defineCommand({ name: 'train', summary: '', flags, run: async () => {} });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'typed-'));
  writeFileSync(
    join(folder, 'show.cjs'),
    "console.log('RESULT' + JSON.stringify([process.argv.slice(2), process.env]))",
  );
  const scripts = { train: 'exec node show.cjs train' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', scripts }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the command makes of a line that npm is given. */
function typed(line: string): string[] {
  // What the tests' own npm says must not count.
  const env = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const output = execFileSync('sh', ['-c', line], {
    cwd: folder,
    env: Object.fromEntries(env),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [args, given] = JSON.parse(/RESULT(.*)/.exec(output)![1]);
  return typedArguments([command], args, given);
}

describe('flags typed without the -- that npm wants', () => {
  it.each([
    ['npm run train -- --config X --max-steps 3', ['--config', 'X', '--max-steps', '3']],
    ['npm run train --config X', ['--config=X']],
    ['npm run train --config=X', ['--config=X']],
    ["npm run train --config 'my file' --dry-run", ['--dry-run', '--config=my file']],
    ['npm run train --dry-run -- --config X', ['--dry-run', '--config', 'X']],
    ['npm run train --l 0.5', ['--l=0.5']],
    ['npm run train --verbose -- --config X', ['--verbose', '--config', 'X']],
    ['npm run train --strip a b c', ['--strip=a', '--strip=b', '--strip=c']],
    ['npm run train --set a=1 --set b.c=2', ['--set=a=1', '--set=b.c=2']],
  ])('%s', (line, args) => {
    expect(typed(line)).toEqual(['train', ...args]);
  });

  it('are told apart by what each can be', () => {
    const args = typed('npm run train --max-steps 3 --config X --set seed=1');
    expect(args.toSorted()).toEqual(['--config=X', '--max-steps=3', '--set=seed=1', 'train']);
  });

  it('are refused where a value may belong to either', () => {
    expect(() => typed('npm run train --config X --checkpoint Y')).toThrow(
      /npm run train -- --config \.\.\. --checkpoint \.\.\.[\s\S]*X Y without/,
    );
  });

  it('without a value are left to the usual message', () => {
    expect(typed('npm run train --config')).toEqual(['train', '--config']);
  });
});

describe('a command line that is printed', () => {
  it.each(['plain', 'two words', "it's", '$HOME `x` "q"', '*', '~/a', '', 'a\nb', '#2', 'é;&|'])(
    'gives a shell the text %j as it is',
    (value) => {
      expect(execFileSync('sh', ['-c', `printf %s ${shellWord(value)}`], { encoding: 'utf8' })).toBe(value);
    },
  );

  it('works where the user stands', () => {
    const root = process.cwd();
    onTestFinished(() => process.chdir(root));
    expect(commandLine('train', '--resume', 'my runs/1')).toBe("npm run train -- --resume 'my runs/1'");
    expect(shipped('configs/smoke.yaml')).toBe('configs/smoke.yaml');
    process.chdir('docs');
    expect(commandLine('doctor')).toBe('npm run doctor');
    expect(shipped('configs/smoke.yaml')).toBe('../configs/smoke.yaml');
    process.chdir(folder);
    expect(commandLine('doctor')).toBe(`npm --prefix ${shellWord(root)} run doctor`);
    expect(shipped('configs/smoke.yaml')).toBe(join(root, 'configs/smoke.yaml'));
  });
});

describe('relative paths', () => {
  const main = resolve('src/cli/main.ts');
  const tsx = import.meta.resolve('tsx');

  it('start where the user stands, and a config of the program’s own is named', () => {
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', tsx, main, 'train', '--config', 'configs/smoke.yaml'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect(stderr).toContain(`fix:      the program’s own is ${resolve('configs/smoke.yaml')}`);
    mkdirSync(join(folder, 'configs'));
    writeFileSync(join(folder, 'configs/smoke.yaml'), 'metod: dps\n');
    const mine = spawnSync(
      process.execPath,
      ['--import', tsx, main, 'train', '--config', 'configs/smoke.yaml'],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    expect(mine.stderr).toMatch(/configs\/smoke\.yaml/);
    expect(mine.stderr).not.toMatch(/the program’s own/);
  });
});
