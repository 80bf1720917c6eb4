/** `npm run bench`. */
import { configFlag, defineCommand, setFlag, text, wholeNumber } from '../src/cli/command.ts';
import { runProgram } from '../src/cli/program.ts';
import { terminalReporter } from '../src/cli/reporter.ts';
import { UserError } from '../src/runtime/errors.ts';
import { BENCHMARKS } from './benchmarks.ts';

const DEFAULT_RUNS = 10;
const ALL_RESOLUTIONS = [64, 128, 256];

const command = defineCommand({
  name: 'bench',
  summary: 'Time training, inference and what surrounds them, alone or in turns with the original',
  flags: {
    config: { ...configFlag.config, default: 'configs/dps.yaml' },
    ...setFlag,
    what: {
      choices: [...BENCHMARKS, 'all'] as const,
      default: 'train' as const,
      describe: 'What is timed; scaling: how cost grows with batch, resolution, width, threads and images',
    },
    level: wholeNumber('--level', 'Resolution of the level that is trained, px (default: 64, 128 and 256)'),
    batch: wholeNumber('--batch', 'Images of a step (default: 8 at 64 px, 4 at 128 px, 1 at 256 px)'),
    runs: wholeNumber('--runs', `Iterations measured of each (default: ${DEFAULT_RUNS})`),
    against: {
      choices: ['torch'] as const,
      describe: 'In turns with the original on PyTorch; needs --deepps',
    },
    deepps: text('--deepps', 'A clone of DeepPS, the original’s code'),
    out: text('--out', 'JSON file of the results; tables in Markdown and plots (SVG) are written beside it'),
  },
  examples: [
    ['bench -- --what train --level 64', 'A training step at 64 px'],
    [
      'bench -- --what train --level 64 --against torch --deepps ../DeepPS',
      'The same in turns with the original',
    ],
    ['bench -- --what scaling --out scaling.json', 'How cost grows, as tables and a plot'],
    [
      'bench -- --what all --against torch --deepps ../DeepPS --out speed.json',
      'Everything, in tables for the README',
    ],
  ],
  async run({ what, level, runs = DEFAULT_RUNS, against, deepps, ...rest }) {
    if ((against === undefined) !== (deepps === undefined))
      throw new UserError('--against torch and --deepps FOLDER go together.');
    const { benchCommand } = await import('./bench.ts');
    await benchCommand({
      ...rest,
      what: what === 'all' ? BENCHMARKS : [what],
      resolutions: level === undefined ? ALL_RESOLUTIONS : [level],
      runs,
      deepps,
      reporter: terminalReporter(),
    });
  },
});

await runProgram([command]);
