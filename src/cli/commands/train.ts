import { UserError } from '../../runtime/errors.ts';
import { defineCommand } from '../command.ts';
import { configFlag, setFlag, text, wholeNumber } from '../flags.ts';
import { terminalReporter } from '../reporter.ts';

const folderExample = '--set data.source.kind=folder --set data.source.path=photos';

export const train = defineCommand({
  name: 'train',
  summary: 'Train the networks of a config',
  flags: {
    ...configFlag,
    ...setFlag,
    resume: text('--resume', 'Go on with a run: its folder, one of its checkpoints, or `latest`'),
    runs: {
      ...text('--runs', 'Folder in which the run gets its own, and in which `latest` is looked for'),
      default: 'runs',
    },
    'max-steps': wholeNumber(
      '--max-steps',
      'End after so many steps in all, with a checkpoint, as Ctrl-C does',
    ),
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'Show the complete config and the plan; train nothing',
    },
  },
  examples: [
    ['train -- --config configs/quickstart.yaml', 'Built-in faces, 64 px, a quarter of an hour'],
    [`train -- --config configs/smoke.yaml ${folderExample}`, 'Every stage, briefly, on your photos'],
    ['train -- --config configs/smoke.yaml --set task=synthesis', 'Faces from sketches alone'],
    ['train -- --config configs/dps.yaml --dry-run', 'What the paper’s training would do'],
    ['train -- --resume latest', 'Go on where the newest run was stopped'],
  ],
  async run({ config, set: sets, resume, runs, 'max-steps': maxSteps, 'dry-run': dryRun }) {
    const reporter = terminalReporter();
    if (resume !== undefined) {
      if (dryRun) throw new UserError('--dry-run shows what a new run would do; leave --resume out.');
      const { openRun } = await import('../../train/resume.ts');
      const opened = await openRun({ target: resume, runs, config, sets, warn: reporter.warn });
      const { trainCommand } = await import('../train.ts');
      await trainCommand({ loaded: opened.loaded, opened, runs, maxSteps, dryRun, reporter });
      return;
    }
    if (config === undefined) {
      throw new UserError('What is to be trained?', {
        expected: '--config FILE for a new run, or --resume RUN to go on with one',
      });
    }
    const { loadConfig } = await import('../../models/read-config.ts');
    const loaded = loadConfig(config, sets);
    const { trainCommand } = await import('../train.ts');
    await trainCommand({ loaded, runs, maxSteps, dryRun, reporter });
  },
});
