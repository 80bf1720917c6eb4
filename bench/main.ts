/** `npm run bench`. */

import { configFlag, defineCommand, setFlag, text, wholeNumber } from '../src/cli/command.ts';
import { runProgram } from '../src/cli/program.ts';
import { terminalReporter } from '../src/cli/reporter.ts';
import { shipped } from '../src/runtime/command-line.ts';
import { BENCHMARKS } from './benchmarks.ts';

const command = defineCommand({
  name: 'bench',
  summary: 'Time training and prediction beside the original and other programs, and what surrounds them',
  flags: {
    what: {
      choices: [...BENCHMARKS, 'all'] as const,
      default: 'speed' as const,
      describe:
        'speed: the table of steps, predictions and starts; scaling: how cost grows with batch, resolution, width, threads and images; the others: what surrounds a step',
    },
    deepps: text('--deepps', 'A clone of DeepPS: the original takes part in the table, on PyTorch'),
    only: text('--only', 'Rows of the table whose names contain this, for example "64 px"'),
    runs: wholeNumber('--runs', 'Iterations measured of each (default: as many as each needs)'),
    out: text(
      '--out',
      'JSON file of the results, with tables in Markdown and a plot beside it; rows of the table that it has are not measured again',
    ),
    config: {
      ...configFlag.config,
      default: shipped('configs/dps.yaml'),
      describe: 'What --what is of, but for speed',
    },
    ...setFlag,
  },
  examples: [
    ['bench -- --deepps ../DeepPS --out speed.json', 'The table; begun again, it goes on where it ended'],
    ['bench -- --deepps ../DeepPS --only "training step, 64 px" --runs 1', 'A glance at one row'],
    ['bench -- --what scaling --out scaling.json', 'How cost grows, as tables and a plot'],
    ['bench -- --what all --deepps ../DeepPS --out speed.json', 'Everything'],
  ],
  async run({ what, ...rest }) {
    const { benchCommand } = await import('./bench.ts');
    const benchmarks = what === 'all' ? BENCHMARKS : [what];
    await benchCommand({ ...rest, what: benchmarks, reporter: terminalReporter() });
  },
});

await runProgram([command]);
