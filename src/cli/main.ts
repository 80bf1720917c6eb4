/** The command line. Each command's code is loaded when it runs, so that help and wrong flags answer at once. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { similarWord } from '../config/explain.ts';
import { loadConfig } from '../config/load.ts';
import { UserError } from '../runtime/errors.ts';
import { end } from './end.ts';
import { terminalReporter } from './reporter.ts';

const commands = ['train', 'prepare', 'doctor', 'parity', 'chaos'];
const flags = [
  'config',
  'set',
  'resume',
  'runs',
  'max-steps',
  'dry-run',
  'fixtures',
  'kills',
  'seed',
  'verbose',
  'help',
];

const configOption = {
  config: { type: 'string', requiresArg: true, coerce: once('--config'), describe: 'Config file (YAML)' },
  set: {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    defaultDescription: 'none',
    describe: 'KEY=VALUE: change one key of the config; repeatable',
  },
} as const;

const folderExample = '--set data.source.kind=folder --set data.source.path=photos';

const commandLine = yargs(hideBin(process.argv))
  .scriptName('npm run')
  .usage('Deep Plastic Surgery: sketch-guided face editing\n\n$0 COMMAND -- [options]')
  .parserConfiguration({ 'dot-notation': false, 'boolean-negation': false })
  .option('verbose', { type: 'boolean', default: false, describe: 'Show the stack trace of an error' })
  .command(
    'train',
    'Train the networks of a config',
    (y) =>
      y
        .options(configOption)
        .options({
          resume: {
            type: 'string',
            requiresArg: true,
            coerce: once('--resume'),
            describe: 'Go on with a run: its folder, one of its checkpoints, or `latest`',
          },
          runs: {
            type: 'string',
            requiresArg: true,
            coerce: once('--runs'),
            default: 'runs',
            describe: 'Folder in which the run gets its own, and in which `latest` is looked for',
          },
          'max-steps': {
            type: 'string',
            requiresArg: true,
            coerce: wholeNumber('--max-steps'),
            describe: 'End after so many steps in all, with a checkpoint, as Ctrl-C does',
          },
          'dry-run': {
            type: 'boolean',
            default: false,
            describe: 'Show the complete config and the plan; train nothing',
          },
        })
        .example(
          '$0 train -- --config configs/quickstart.yaml',
          'Built-in faces, 64 px, a quarter of an hour',
        )
        .example(
          `$0 train -- --config configs/smoke.yaml ${folderExample}`,
          'Every stage, briefly, on your photos',
        )
        .example('$0 train -- --config configs/smoke.yaml --set task=synthesis', 'Faces from sketches alone')
        .example('$0 train -- --config configs/dps.yaml --dry-run', 'What the paper’s training would do')
        .example('$0 train -- --resume latest', 'Go on where the newest run was stopped'),
    async ({ config, set: sets, resume, runs, maxSteps, dryRun }) => {
      const reporter = terminalReporter();
      // Mistakes are told before TensorFlow is loaded, which takes a second.
      if (resume !== undefined) {
        if (dryRun) throw new UserError('--dry-run shows what a new run would do; leave --resume out.');
        const { openRun } = await import('../train/resume.ts');
        const opened = await openRun({ target: resume, runs, config, sets, warn: reporter.warn });
        const { trainCommand } = await import('./train.ts');
        await trainCommand({ loaded: opened.loaded, opened, runs, maxSteps, dryRun, reporter });
        return;
      }
      if (config === undefined) {
        throw new UserError('What is to be trained?', {
          expected: '--config FILE for a new run, or --resume RUN to go on with one',
        });
      }
      const loaded = loadConfig(config, sets);
      const { trainCommand } = await import('./train.ts');
      await trainCommand({ loaded, runs, maxSteps, dryRun, reporter });
    },
  )
  .command(
    'prepare',
    'Make the crops and sketches of a config’s source; train does it by itself when needed',
    (y) =>
      y
        .options(configOption)
        .demandOption('config')
        .example(`$0 prepare -- --config configs/dps.yaml ${folderExample}`, 'Sketches of your photos'),
    async ({ config, set }) => {
      const loaded = loadConfig(config, set);
      const { prepareCommand } = await import('./prepare.ts');
      const reporter = terminalReporter();
      await prepareCommand({ config: loaded.config, reporter });
    },
  )
  .command(
    'doctor',
    'Show the state of the installation, and whether a config finds what it needs',
    (y) =>
      y
        .options(configOption)
        .example('$0 doctor -- --config configs/dps.yaml', 'Are data and weights there?'),
    async ({ config, set, verbose }) => {
      const { doctor } = await import('./doctor.ts');
      process.exitCode = await doctor({ config, sets: set, verbose });
    },
  )
  .command(
    'parity',
    'Check the networks, losses and data code against fixtures of the original',
    (y) =>
      y.options({
        fixtures: {
          type: 'string',
          requiresArg: true,
          coerce: once('--fixtures'),
          demandOption: true,
          describe: 'Folder of fixtures: manifest.json and safetensors files',
        },
      }),
    async ({ fixtures }) => {
      const { parity } = await import('./parity.ts');
      process.exitCode = await parity({ fixtures });
    },
  )
  .command(
    'chaos',
    'Self-test: kill a small training again and again, resume it, and compare its end',
    (y) =>
      y.options({
        kills: {
          type: 'string',
          requiresArg: true,
          coerce: wholeNumber('--kills'),
          describe: 'How often (default: 50, about ten minutes)',
        },
        seed: {
          type: 'string',
          requiresArg: true,
          coerce: wholeNumber('--seed'),
          describe: 'Of the moments of the kills (default: 1)',
        },
      }),
    async ({ kills = 50, seed = 1 }) => {
      const { chaos } = await import('./chaos/chaos.ts');
      process.exitCode = await chaos({ kills, seed, reporter: terminalReporter() });
    },
  )
  .demandCommand(1, 'Which command?')
  .strict()
  .help()
  .alias('help', 'h')
  .version(false)
  .wrap(110)
  .fail((message: string | null, error: Error | undefined) => {
    throw error ?? new UserError(explainUsage(message ?? 'Wrong usage.'));
  });

function once(flag: string) {
  return (value: string | string[]): string => {
    if (Array.isArray(value)) throw new UserError(`${flag} is given ${value.length} times.`);
    return value;
  };
}

function wholeNumber(flag: string) {
  return (value: string | string[]): number => {
    const text = once(flag)(value);
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    throw new UserError('A flag has the wrong value.', {
      where: flag,
      expected: 'a whole number, at least 1',
      got: text,
    });
  };
}

/** What is wrong with the arguments, with the flag or command that was probably meant. */
function explainUsage(message: string): string {
  const [first = '', ...rest] = hideBin(process.argv);
  const unknownCommand = !first.startsWith('-') && !commands.includes(first) && first !== '';
  const unknownFlags = rest
    .map((argument) => /^--([^=]+)/.exec(argument)?.[1])
    .filter((flag) => flag !== undefined)
    .filter((flag) => !flags.includes(flag));
  const lines = unknownCommand
    ? [`Unknown command: ${first}${hint(similarWord(first, commands))}`]
    : unknownFlags.map((flag) => `Unknown flag: --${flag}${hint(similarWord(flag, flags), '--')}`);
  return [...(lines.length > 0 ? lines : [message]), 'See --help.'].join('\n');
}

const hint = (similar: string | undefined, dashes = ''): string =>
  similar ? `; did you mean ${dashes}${similar}?` : '';

try {
  await commandLine.parseAsync();
} catch (error) {
  end(error);
}
