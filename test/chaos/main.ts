/** `npm run chaos`. */
import { defineCommand, wholeNumber } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { terminalReporter } from '../../src/cli/reporter.ts';

const command = defineCommand({
  name: 'chaos',
  summary: 'Self-test: kill a small training again and again, resume it, and compare its end',
  flags: {
    kills: wholeNumber('--kills', 'How often (default: 50, about ten minutes)'),
    seed: wholeNumber('--seed', 'Of the moments of the kills (default: 1)'),
  },
  async run({ kills = 50, seed = 1 }) {
    const { chaos } = await import('./chaos.ts');
    process.exitCode = await chaos({ kills, seed, reporter: terminalReporter() });
  },
});

await runProgram([command]);
