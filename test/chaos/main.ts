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
    faults: wholeNumber('--faults', 'With --workers: how often (default: 40)'),
    seed: wholeNumber('--seed', 'Of the moments (default: 1)'),
  },
  async run({ kills, workers, faults, seed = 1 }) {
    if (workers === undefined ? faults !== undefined : kills !== undefined)
      throw new UserError('--kills is for one process, --faults for --workers.');
    const { chaos } = await import('./chaos.ts');
    const count = workers === undefined ? (kills ?? 50) : (faults ?? 40);
    process.exitCode = await chaos({ count, workers, seed, reporter: terminalReporter() });
  },
});

await runProgram([command]);
