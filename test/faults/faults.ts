/**
 * `faults`: whether a command comes through when any one of its operations on files fails, as SQLite is tested. It is run
 * as often as it makes such operations, on tiny data; each time another one fails: by an error of the system, by doing
 * less than was asked for, or by the process's end. Then nothing half may pass for whole, the message must name a file and say
 * what to do, and the same command, once more, must give what an undisturbed run gives.
 */
import { cpSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { COMMANDS, type CommandName, type CommandUnderTest, setUpCommands } from './commands.ts';
import { losePower } from './power.ts';
import { type Ended, Program } from './program.ts';
import { Control, compileShim } from './shim.ts';

export interface FaultsOptions {
  readonly commands: readonly CommandName[];
  /** So many operations of each command, drawn from the seed; all where it is left out. */
  readonly sample?: number | undefined;
  /** The k-th, the (k + n)-th, ... operation alone. */
  readonly part?: { readonly k: number; readonly n: number } | undefined;
  /** Of which operations are drawn, and of how each fails. */
  readonly seed: number;
  /** Every failure is one of the power: what had not reached the disk is lost (power.ts). */
  readonly power: boolean;
  readonly reporter: Reporter;
}

/** How many cases passed, and what was wrong with those that did not. */
export interface FaultsResult {
  readonly passed: number;
  readonly failures: readonly string[];
}

export async function faults({
  commands,
  sample,
  part = { k: 1, n: 1 },
  seed,
  power,
  reporter,
}: FaultsOptions): Promise<FaultsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const work = join(folder, 'work');
  const journal = join(folder, 'journal');
  const control = new Control(join(folder, 'control'));
  const program = new Program({
    LD_PRELOAD: compileShim(folder),
    FAULTS_FOLDER: work,
    FAULTS_CONTROL: control.path,
    ...(power && { FAULTS_JOURNAL: journal }),
  });
  const failures: string[] = [];
  let passed = 0;
  try {
    await mkdir(work);
    await mkdir(journal);
    await setUpCommands(work);
    for (const [name, command] of Object.entries(COMMANDS) as [CommandName, CommandUnderTest][]) {
      const isNeeded = commands.some((other) => other === name || needsOf(other).includes(name));
      if (!isNeeded) continue;
      const template = join(folder, name);
      cpSync(work, template, { recursive: true });
      control.arm(0, 0);
      const calm = await program.run(command.args(work));
      if (calm.status !== 0) throw new Error(`${name} fails undisturbed:\n${calm.output}`);
      const expected = command.result(work);
      const whole = join(folder, 'whole');
      cpSync(work, whole, { recursive: true });
      if (commands.includes(name)) {
        const { count } = control;
        const all = Array.from({ length: count }, (_, i) => i + 1).filter(
          (at) => at % part.n === part.k % part.n,
        );
        const chosen =
          sample === undefined ? all : stream(seed, `faults ${name}`).shuffle(all).slice(0, sample);
        const task = reporter.task(`${name}, ${count} operations`, chosen.length, 'runs');
        for (const [done, at] of chosen.entries()) {
          task.update(done, failures.length > 0 ? `${failures.length} failed` : '');
          renew(template, work);
          // Where there is one, the program holds its log open.
          for (const name of readdirSync(journal))
            name === 'log' ? truncateSync(join(journal, name)) : rmSync(join(journal, name));
          const random = stream(seed, `faults ${name}`, String(at));
          control.arm(at, random.integer(0, 1000));
          const between = power ? () => losePower(journal, random) : () => {};
          const problem = await tryOnce(command, work, expected, program, control, between);
          if (problem === undefined) passed += 1;
          else {
            failures.push(`${name}, operation ${at}: ${problem}`);
            reporter.warn(failures.at(-1)!);
          }
        }
        task.finish();
      }
      renew(whole, work);
      rmSync(whole, { recursive: true });
    }
  } finally {
    program.close();
    control.close();
    await rm(folder, { recursive: true, force: true });
  }
  return { passed, failures };
}

const needsOf = (name: CommandName) => (COMMANDS[name] as CommandUnderTest).needs;

function renew(from: string, work: string): void {
  rmSync(work, { recursive: true });
  cpSync(from, work, { recursive: true });
}

/** One run with a failure, and one more where that did not succeed. Returns what is wrong. */
async function tryOnce(
  command: CommandUnderTest,
  work: string,
  expected: Map<string, string>,
  program: Program,
  control: Control,
  between: () => void,
): Promise<string | undefined> {
  const first = await program.run(command.args(work));
  const { fired } = control;
  const say = (what: string, { output }: Ended) =>
    `${fired?.how ?? 'nothing'} (${fired?.what.replace(work, '') ?? 'the operation did not come'}): ${what}\n${output.replaceAll(/^/gm, '    ')}`;
  if (first.status === 0) {
    const differing = differences(command.result(work), expected);
    return differing && say(`it succeeded, and made something else: ${differing}`, first);
  }
  const badly = first.status === undefined ? undefined : badlyTold(first, work);
  if (badly) return say(badly, first);
  if (first.status === undefined && fired?.how !== 'kill') return say('the process ended by a signal', first);
  between();
  const half = await (command.half?.(work) ?? halfOf(command.result(work), expected));
  if (half) return say(`what stands under its name is not whole: ${half}`, first);
  control.arm(0, 0);
  const second = await program.run(command.args(work));
  const differing = differences(command.result(work), expected);
  // What was whole already is refused to be made again.
  if (second.status !== 0 && !(second.output.includes('exists already') && differing === undefined))
    return say('the same command failed again', {
      status: second.status,
      output: `${first.output}${second.output}`,
    });
  return differing && say(`once more it made something else: ${differing}`, second);
}

/** What is wrong with how a failure was told. */
function badlyTold({ status, output }: Ended, work: string): string | undefined {
  if (status !== 1) return `it ended with status ${status}`;
  if (/^\s+at \S+ \(|^\s+at file:/m.test(output)) return 'it printed a stack trace';
  if (!output.includes(work)) return 'the message names no file';
  if (!/^ {2}fix:/m.test(output)) return 'the message does not say what to do';
  return undefined;
}

/** Of what there is, what differs. */
const halfOf = (got: Map<string, string>, expected: Map<string, string>) =>
  [...got.keys()].filter((name) => got.get(name) !== expected.get(name)).join(', ') || undefined;

function differences(got: Map<string, string>, expected: Map<string, string>): string | undefined {
  const names = [...new Set([...got.keys(), ...expected.keys()])];
  return names.filter((name) => got.get(name) !== expected.get(name)).join(', ') || undefined;
}
