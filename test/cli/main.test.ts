import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

function dps(...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args]);
  const result: Result = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    result.stdout += text;
  });
  child.stderr.on('data', (text) => {
    result.stderr += text;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ ...result, status })));
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('help', () => {
  it('lists commands, and flags with examples', async () => {
    const main = await dps('--help');
    expect(main.status).toBe(0);
    for (const command of ['train', 'prepare', 'doctor', 'parity', 'chaos'])
      expect(main.stdout).toContain(command);
    const train = await dps('train', '--help');
    for (const flag of ['--config', '--set', '--resume', '--runs', '--max-steps', '--dry-run', '--verbose'])
      expect(train.stdout).toContain(flag);
    expect(train.stdout).toContain('configs/quickstart.yaml');
    expect(train.stdout.replaceAll(/\s+/g, ' ')).toContain('data.source.kind=folder');
  });
});

describe('mistakes end with status 1 and a message, without a stack trace', () => {
  it.each([
    [['train', '--confg', 'x.yaml'], /Unknown flag: --confg; did you mean --config\?/],
    [['train', '--config', 'configs/smoke.yaml', '--dryrun'], /--dryrun; did you mean --dry-run\?/],
    [['trian', '--config', 'x.yaml'], /Unknown command: trian; did you mean train\?/],
    [['train'], /--config FILE[\s\S]*--resume RUN/],
    [['train', '--resume', '/nowhere'], /--resume \/nowhere[\s\S]*nothing of that name/],
    [['train', '--config', 'none.yaml'], /none\.yaml/],
    [
      ['train', '--config', 'configs/smoke.yaml', '--max-steps', 'many'],
      /--max-steps[\s\S]*whole number[\s\S]*many/,
    ],
    [['train', '--config', 'a', '--config', 'b'], /--config is given 2 times/],
    [
      ['train', '--config', 'configs/smoke.yaml', '--max-steps', '99999999999999999999'],
      /--max-steps[\s\S]*whole number/,
    ],
    [['export', '--out', 'x', '--card', 'card.md'], /--card\n[\s\S]*--format pretrained/],
    [['export', '--out', 'x', '--format', 'pretrained', '--network', 'F'], /ships as a whole/],
    [['study', '--minutes', 'soon'], /--minutes[\s\S]*a number above 0[\s\S]*soon/],
    [['study', '--config', 'configs/smoke.yaml'], /configs\/smoke\.yaml:\d+: resolution/],
    [['edit', '--port', '70000'], /--port[\s\S]*at least 0 and at most 65535[\s\S]*70000/],
    [['edit', '--port=-1'], /--port[\s\S]*at least 0/],
    [['edit', '--port', '80.5'], /--port[\s\S]*at least 0/],
    [
      ['train', '--config', 'configs/smoke.yaml', '--runs', '/dev/null/x'],
      /--runs \/dev\/null\/x[\s\S]*a file, where/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'data.cache=/dev/null/x'],
      /\/dev\/null\/x[\s\S]*a file, where/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', `data.cache=${'x'.repeat(300)}`],
      /too long for the system[\s\S]*shorten/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', `name=${'x'.repeat(101)}`],
      /--set name[\s\S]*\{0,99\}/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'data.split.groups.file=configs'],
      /data\.split\.groups\.file[\s\S]*configs is no file/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'data.source={kind: folder, path: /dev/null/x}'],
      /data\.source\.path[\s\S]*a file, where a folder is needed/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'training.initialWeights=/dev/null'],
      /There is no checkpoint[\s\S]*\/dev\/null/,
    ],
    [['train', '--config', 'configs'], /--config configs\n[\s\S]*a folder, where a file is needed/],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'output.logEvry=3', '--set', 'seed=x'],
      /2 mistakes[\s\S]*--set seed[\s\S]*output\.logEvery/,
    ],
    [
      ['train', '--config', 'configs/smoke.yaml', '--set', 'data.source={kind: folder, path: /nowhere}'],
      /\/nowhere does not exist/,
    ],
  ])('%s', async (args, message) => {
    const { status, stderr } = await dps(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(1);
  });

  it('--verbose shows the trace', async () => {
    const { status, stderr } = await dps('train', '--config', 'none.yaml', '--verbose');
    expect(stderr).toMatch(/^\s+at /m);
    expect(status).toBe(1);
  });
});

describe('train --dry-run', () => {
  const smoke = ['train', '--config', 'configs/smoke.yaml'];

  it('shows the configuration and the plan, and writes nothing', async () => {
    const runs = join(folder, 'runs');
    const cache = join(folder, 'cache');
    const { status, stdout } = await dps(
      ...smoke,
      '--dry-run',
      '--runs',
      runs,
      '--set',
      `data.cache=${cache}`,
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/hingeMargin: 10/);
    expect(stdout).toMatch(/1 +F +4 +2 /);
    expect(stdout).toMatch(/Parameters: F [\d.]+ k/);
    expect(existsSync(runs) || existsSync(cache)).toBe(false);
  });

  it('finds a batch larger than the data', async () => {
    for (let i = 0; i < 6; i++) writeFileSync(join(folder, `${i}.png`), '');
    const source = `data.source={kind: folder, path: ${folder}}`;
    const { status, stderr } = await dps(
      ...smoke,
      '--dry-run',
      '--set',
      source,
      '--set',
      'training.levels.0.batch=64',
    );
    expect(stderr).toMatch(/larger than the data[\s\S]*training\.levels\.0\.batch[\s\S]*64/);
    expect(status).toBe(1);
    expect(readdirSync(folder)).not.toContain('runs');
  });
});
