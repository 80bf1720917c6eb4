import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface TrainProcess {
  child: ChildProcess;
  output: () => string;
  end: Promise<number | null>;
}

/** Runs `train` with these arguments; in `script`, for the shell, `"$@"` stands for it. */
export function startTrain(args: readonly string[], script?: string): TrainProcess {
  return startCommand(['train', ...args], { script });
}

/** Runs a command of the checkout at `root`. */
export function startCommand(
  args: readonly string[],
  { script = 'exec "$@"', root = '.' }: { script?: string | undefined; root?: string } = {},
): TrainProcess {
  const command = [process.execPath, '--import', 'tsx', 'src/cli/main.ts', ...args];
  const child = spawn('sh', ['-c', script, 'sh', ...command], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
    });
  const end = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output: () => output, end };
}

/** Arguments that train the smoke config on pairs, which need no edge detection, below `folder`. */
export function smokeArguments(folder: string, name: string): string[] {
  const source = `data.source={kind: celeba-hq, path: ${join(folder, 'pairs')}}`;
  const cache = `data.cache=${join(folder, `cache-${name}`)}`;
  const runs = join(folder, name);
  return ['--config', 'configs/smoke.yaml', '--runs', runs, '--set', source, '--set', cache];
}

/** The run's folder, once it is there. */
export async function runFolder(runs: string, { child, output }: TrainProcess): Promise<string> {
  for (;;) {
    const found = existsSync(runs) && readdirSync(runs).find((file) => !file.startsWith('.'));
    if (found) return join(runs, found);
    if (child.exitCode !== null) throw new Error(`Ended too early: ${output()}`);
    await setTimeout(20);
  }
}

/** Waits until a run has logged some steps. */
export async function logged(path: string, steps: number, { child, output }: TrainProcess): Promise<void> {
  while (loggedSteps(path).length < steps) {
    if (child.exitCode !== null) throw new Error(`Ended too early: ${output()}`);
    await setTimeout(20);
  }
}

/** The steps in a run's log. */
export function loggedSteps(path: string): number[] {
  const log = join(path, 'log.jsonl');
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line).step);
}
