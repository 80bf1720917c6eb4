/** `npm run faults`. */
import { availableParallelism } from 'node:os';
import { defineCommand, text, wholeNumber } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { unsupported } from './shim.ts';

const names = Object.keys(COMMANDS) as CommandName[];

const command = defineCommand({
  name: 'faults',
  summary: 'Self-test: let each operation on files fail once, and look whether commands come through',
  flags: {
    command: { choices: names, array: true, default: names, describe: 'Which commands' },
    sample: wholeNumber('--sample', 'So many operations of each command (default: all of them)'),
    part: text('--part', 'K/N: the K-th of N parts of the operations, for machines that share them'),
    power: {
      type: 'boolean',
      default: false,
      describe: 'Let the power fail instead: what had not reached the disk is lost, too',
    },
    jobs: wholeNumber('--jobs', 'So many processes side by side (default: one a core)'),
    seed: wholeNumber('--seed', 'Of which operations, and of how they fail (default: 1)'),
  },
  async run({ command: commands, sample, part, power, seed = 1, jobs = availableParallelism() }) {
    const [, k, n] = /^(\d+)\/(\d+)$/.exec(part ?? '1/1')?.map(Number) ?? [];
    if (!(k >= 1 && k <= n))
      throw new UserError('There is no such part.', {
        where: `--part ${part}`,
        expected: 'K/N, such as 1/3',
      });
    const reason = unsupported();
    if (reason) throw new UserError('This machine cannot let operations fail.', { got: reason });
    const { faults } = await import('./faults.ts');
    const reporter = terminalReporter();
    const { passed, failures } = await faults({
      commands,
      sample,
      part: { k, n },
      seed,
      power,
      jobs,
      reporter,
    });
    reporter.info(`${passed} passed, ${failures.length} failed`);
    process.exitCode = failures.length === 0 ? 0 : 1;
  },
});

await runProgram([command]);
