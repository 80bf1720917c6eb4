/**
 * `faults`: whether a command comes through when any one of its operations on files fails, as SQLite is tested. It is run
 * as often as it makes such operations, on tiny data; each time another one fails: by an error of the system, by doing
 * less than was asked for, or by the process's end. Then nothing half may pass for whole, the message must name a file and say
 * what to do, and the same command, once more, must give what an undisturbed run gives.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter } from '../../src/runtime/progress.ts';
import { type RandomStream, stream } from '../../src/runtime/seed.ts';
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
  /** So many processes side by side. */
  readonly jobs: number;
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
  jobs,
  reporter,
}: FaultsOptions): Promise<FaultsResult> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const library = compileShim(folder);
  const places = Array.from(
    { length: jobs },
    (_, i) => new Workplace(join(folder, `${i + 1}`), library, power),
  );
  const failures: string[] = [];
  let passed = 0;
  try {
    for (const place of places) await place.setUp();
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      const isNeeded = commands.some((other) => other === name || needsOf(other).includes(name));
      if (!isNeeded) continue;
      const counts = await Promise.all(places.map((place) => place.begin(name)));
      if (commands.includes(name)) {
        const count = Math.max(...counts);
        const all = Array.from({ length: count }, (_, i) => i + 1).filter(
          (at) => at % part.n === part.k % part.n,
        );
        const left =
          sample === undefined ? all : stream(seed, `faults ${name}`).shuffle(all).slice(0, sample);
        const task = reporter.task(`${name}, ${count} operations`, left.length, 'cases');
        let done = 0;
        const work = async (place: Workplace) => {
          for (let at = left.shift(); at !== undefined; at = left.shift()) {
            const problem = await place.try(name, at, stream(seed, `faults ${name}`, String(at)));
            if (problem === undefined) passed += 1;
            else {
              failures.push(`${name}, operation ${at}: ${problem}`);
              reporter.warn(failures.at(-1)!);
            }
            done += 1;
            task.update(done, failures.length > 0 ? `${failures.length} failed` : '');
          }
        };
        await Promise.all(places.map(work));
        task.finish();
      }
      for (const place of places) place.end();
    }
  } finally {
    for (const place of places) place.close();
    await rm(folder, { recursive: true, force: true });
  }
  return { passed, failures };
}

const needsOf = (name: CommandName) => (COMMANDS[name] as CommandUnderTest).needs;

/** A folder in which commands run one after the other, and the process that runs them. Several do so side by side. */
class Workplace {
  readonly #work: string;
  /** The folder as the command at hand finds it, and as an undisturbed run leaves it. */
  readonly #before: string;
  readonly #after: string;
  readonly #journal: string;
  readonly #power: boolean;
  readonly #control: Control;
  readonly #program: Program;
  #expected = new Map<string, string>();

  /** @param library the compiled shim. */
  constructor(folder: string, library: string, power: boolean) {
    [this.#work, this.#before, this.#after, this.#journal] = ['work', 'before', 'after', 'journal'].map(
      (name) => join(folder, name),
    );
    for (const made of [this.#work, this.#journal]) mkdirSync(made, { recursive: true });
    this.#power = power;
    this.#control = new Control(join(folder, 'control'));
    this.#program = new Program({
      LD_PRELOAD: library,
      FAULTS_FOLDER: this.#work,
      FAULTS_CONTROL: this.#control.path,
      ...(power && { FAULTS_JOURNAL: this.#journal }),
    });
  }

  setUp(): Promise<void> {
    return setUpCommands(this.#work);
  }

  /** Runs a command undisturbed. Returns how many operations it made. */
  async begin(name: CommandName): Promise<number> {
    const command: CommandUnderTest = COMMANDS[name];
    cpSync(this.#work, this.#before, { recursive: true });
    this.#control.arm(0, 0);
    const { status, output } = await this.#program.run(command.args(this.#work));
    if (status !== 0) throw new Error(`${name} fails undisturbed:\n${output}`);
    this.#expected = command.result(this.#work);
    cpSync(this.#work, this.#after, { recursive: true });
    return this.#control.count;
  }

  /** Leaves what the undisturbed run left, for the commands after it. */
  end(): void {
    renew(this.#after, this.#work);
    for (const folder of [this.#before, this.#after]) rmSync(folder, { recursive: true });
  }

  /** Runs the command with a failure of the operation `at`. Returns what is wrong. */
  async try(name: CommandName, at: number, random: RandomStream): Promise<string | undefined> {
    renew(this.#before, this.#work);
    // The program holds the log open.
    for (const file of readdirSync(this.#journal))
      file === 'log' ? truncateSync(join(this.#journal, file)) : rmSync(join(this.#journal, file));
    this.#control.arm(at, random.integer(0, 1000));
    const between = this.#power ? () => losePower(this.#journal, random) : () => {};
    return await tryOnce(COMMANDS[name], this.#work, this.#expected, this.#program, this.#control, between);
  }

  close(): void {
    this.#program.close();
    this.#control.close();
  }
}

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
  // What was whole already is refused to be made again.
  if (second.status !== 0 && !/ already\.\n/.test(second.output))
    return say('the same command failed again', {
      status: second.status,
      output: `${first.output}${second.output}`,
    });
  const differing = differences(command.result(work), expected);
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
