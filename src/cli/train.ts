import { relative } from 'node:path';
import { commandLine, shellWord } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { TrainRunResult } from '../train/run.ts';
import { configFlag, defineCommand, setFlag, text, wholeNumber } from './command.ts';
import { catchInterrupts, exitOnSignals } from './interrupt.ts';
import { joinWorkers } from './join-workers.ts';
import { terminalReporter } from './reporter.ts';

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
    profile: wholeNumber(
      '--profile',
      'Profile so many steps: writes a trace for chrome://tracing into the run’s folder',
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
  async run({ config, set: sets, resume, runs, 'max-steps': maxSteps, profile, 'dry-run': dryRun }) {
    const reporter = terminalReporter();
    if (dryRun) {
      if (resume !== undefined)
        throw new UserError('--dry-run shows what a new run would do; leave --resume out.');
      if (config === undefined) throw new UserError('What is to be planned?', { expected: '--config FILE' });
      await showPlan(config, sets, reporter);
      return;
    }
    if (config === undefined && resume === undefined) {
      throw new UserError('What is to be trained?', {
        expected: '--config FILE for a new run, or --resume RUN to go on with one',
      });
    }
    const { cluster, module } = await joinWorkers(reporter, () => import('../train/run.ts'));
    let interrupt: AbortSignal | undefined;
    let save = () => {};
    // Schedulers send these some time before they end a job.
    for (const name of ['SIGUSR1', 'SIGUSR2']) process.on(name, () => save());
    exitOnSignals();
    const signal = () => {
      interrupt = catchInterrupts(reporter.warn);
      return interrupt;
    };
    const checkpointOnDemand = (demand: () => void) => {
      save = demand;
    };
    const result = await module.trainRun({
      config,
      sets,
      resume,
      runs,
      maxSteps,
      profile,
      reporter,
      signal,
      checkpointOnDemand,
    });
    if (!cluster || cluster.rank === 0) for (const line of await describeResult(result)) reporter.info(line);
    else reporter.info(`Ended after step ${result.end.step}; worker 0 has the results.`);
    interrupt?.throwIfAborted();
  },
});

async function showPlan(config: string, sets: readonly string[], reporter: Reporter): Promise<void> {
  const { planRun } = await import('../train/run.ts');
  const { describePlan } = await import('../train/plan.ts');
  const { configToYaml } = await import('../config/load.ts');
  const planned = await planRun({ config, sets, reporter });
  reporter.info(configToYaml(planned.config));
  for (const line of describePlan(planned.plan, true)) reporter.info(line);
  reporter.info('Nothing was trained or written (--dry-run).');
}

async function describeResult({ run, config, plan, end, table }: TrainRunResult): Promise<string[]> {
  const { table: tableLines } = await import('../train/plan.ts');
  const lines: string[] = [];
  if (!end.complete) {
    const again = commandLine('train', '--resume', run.path);
    lines.push(`Ended after step ${end.step} of ${plan.steps}; to go on: ${again}`);
  }
  if (table) {
    const { samples, split, rows } = table;
    const place = config.task === 'edit' ? 'inside the hole' : 'of the whole image';
    const cells = rows.map(({ name, l1, psnr }) => [name, l1.toFixed(4), psnr.toFixed(2)]);
    lines.push('', `Errors ${place}, ${samples} ${split} samples, true sketches:`);
    lines.push(...tableLines(['', 'L1', 'PSNR, dB'], cells));
  }
  const { best } = end;
  const places: (readonly [string, string])[] = [
    ['Checkpoint', end.checkpoint],
    ...(best
      ? [['Best', `${best.path} (${best.title} of validation samples ${best.value.toPrecision(4)})`] as const]
      : []),
    ['Samples', end.grid ?? run.samples],
    ['Log', run.log],
    ['Metrics', run.metrics],
    ['TensorBoard', `tensorboard --logdir ${shellWord(relative('.', run.events))}`],
  ];
  return [...lines, '', ...places.map(([label, place]) => `${label.padEnd(13)}${place}`)];
}
