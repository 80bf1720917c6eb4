/** `npm run chaos`. */
import { defineCommand, wholeNumber } from '../../src/cli/command.ts';
import { exitOnSignals } from '../../src/cli/interrupt.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { whyNoNetwork } from '../network.ts';

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
    machines: wholeNumber(
      '--machines',
      'Train with a supervised worker on each of so many machines; they are lost, too, and come back',
      2,
      4,
    ),
    namespaces: {
      type: 'boolean',
      default: false,
      describe: 'With --machines: each is a network namespace, and cables between them are cut (Linux, root)',
    },
    seed: wholeNumber('--seed', 'Of the moments (default: 1)'),
  },
  async run({ kills, workers, faults, machines, namespaces, seed = 1 }) {
    const supervised = workers !== undefined || machines !== undefined;
    if (supervised ? kills !== undefined : faults !== undefined)
      throw new UserError('--kills is for one process, --faults for --workers and --machines.');
    if (machines !== undefined && workers !== undefined) throw new UserError('Give --workers or --machines.');
    if (namespaces && machines === undefined) throw new UserError('--namespaces is for --machines.');
    const lacking = namespaces ? whyNoNetwork() : undefined;
    if (lacking !== undefined) throw new UserError(`There are no network namespaces here: ${lacking}.`);
    exitOnSignals();
    const { chaos } = await import('./chaos.ts');
    process.exitCode = await chaos({
      count: supervised ? (faults ?? 40) : (kills ?? 50),
      workers,
      machines,
      namespaces,
      seed,
      reporter: terminalReporter(),
    });
  },
});

await runProgram([command]);
