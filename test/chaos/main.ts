/** `npm run chaos`. */
import { defineCommand, wholeNumber } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';
import { UserError } from '../../src/runtime/errors.ts';

const command = defineCommand({
  name: 'chaos',
  summary: 'Self-test: kill a small training again and again, resume it, and compare its end',
  flags: {
    kills: wholeNumber('--kills', 'How often (default: 50, about ten minutes)'),
    workers: wholeNumber(
      '--workers',
      'Train with so many supervised workers; single ones are killed, stopped or told to end, or their supervisor is killed',
      2,
    ),
    faults: wholeNumber('--faults', 'With --workers or --machines: how often (default: 40)'),
    machines: {
      type: 'boolean',
      default: false,
      describe: 'Train with a supervised worker on each of two machines, of which one is lost and comes back',
    },
    seed: wholeNumber('--seed', 'Of the moments (default: 1)'),
  },
  async run({ kills, workers, faults, machines, seed = 1 }) {
    const supervised = workers !== undefined || machines;
    if (supervised ? kills !== undefined : faults !== undefined)
      throw new UserError('--kills is for one process, --faults for --workers and --machines.');
    if (machines && workers !== undefined) throw new UserError('Give --workers or --machines.');
    const { chaos } = await import('./chaos.ts');
    process.exitCode = await chaos({
      count: supervised ? (faults ?? 40) : (kills ?? 50),
      workers: machines ? 1 : workers,
      machines,
      seed,
      reporter: terminalReporter(),
    });
  },
});

await runProgram([command]);
