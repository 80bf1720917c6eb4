import { join, relative } from 'node:path';

import { isAddress } from '../runtime/cluster.ts';
import { commandLine, shellWord } from '../runtime/command-line.ts';
import { LOST_WORKER, UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import type { TrainRunResult } from '../train/run.ts';
import { configFlag, defineCommand, setFlag, text, wholeNumber } from './command.ts';
import { catchInterrupts, exitOnSignals } from './interrupt.ts';
import { joinWorkers } from './join-workers.ts';
import type { Nodes } from './rendezvous.ts';
import { terminalReporter } from './reporter.ts';
import { type RunMessage, supervise } from './supervisor.ts';

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
    workers: wholeNumber(
      '--workers',
      'Train with so many processes on this machine that share each batch: one a GPU, or a part of the cores each',
    ),
    'max-restarts': wholeNumber(
      '--max-restarts',
      'With --workers: start all again from the last checkpoint, so many times, when one is lost (default: 0)',
      0,
    ),
    nnodes: text(
      '--nnodes',
      'Train on so many machines, `N` or `MIN:MAX`: this command runs on each, with --workers there (default: 1)',
    ),
    'rdzv-endpoint': text(
      '--rdzv-endpoint',
      'With --nnodes: where they meet, HOST:PORT, an address of one of them',
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
    ['train -- --config configs/dps.yaml --workers 4 --max-restarts 3', 'On four GPUs of this machine'],
    [
      'train -- --config configs/dps.yaml --workers 4 --nnodes 2 --rdzv-endpoint 10.0.0.1:29400',
      'On each of two such machines, of which one has that address',
    ],
  ],
  async run(flags) {
    const { config, set: sets, resume, runs, 'max-steps': maxSteps, profile, 'dry-run': dryRun } = flags;
    const { workers, 'max-restarts': maxRestarts } = flags;
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
    const nodes = readNodes(flags.nnodes, flags['rdzv-endpoint']);
    if (workers !== undefined || nodes) {
      const args = (run?: string) => workerArguments(flags, run);
      process.exitCode = await supervise({
        workers: workers ?? 1,
        maxRestarts: maxRestarts ?? 0,
        nodes,
        args,
        reporter,
      });
      return;
    }
    if (maxRestarts !== undefined)
      throw new UserError('--max-restarts is for the workers that --workers starts; give both or neither.');
    let save = () => {};
    // Schedulers send these some time before they end a job.
    for (const name of ['SIGUSR1', 'SIGUSR2']) process.on(name, () => save());
    const { cluster, module } = await joinWorkers(reporter, () => import('../train/run.ts'));
    let interrupt: AbortSignal | undefined;
    exitOnSignals();
    // The supervisor that would start this worker again is gone.
    process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
    process.channel?.unref();
    const signal = () => {
      interrupt = catchInterrupts(reporter.warn);
      return interrupt;
    };
    const checkpointOnDemand = (demand: () => void) => {
      save = demand;
    };
    const { readConfig } = await import('../models/read-config.ts');
    const { commonBatch } = await import('../train/plan.ts');
    const onRun = (run: string) => {
      if (!process.send || (cluster?.rank ?? 0) !== 0) return;
      const { config } = readConfig(join(run, 'config.yaml'));
      const message: RunMessage = { run, commonBatch: commonBatch(config) };
      process.send(message);
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
      onRun,
    });
    if (!cluster || cluster.rank === 0) for (const line of await describeResult(result)) reporter.info(line);
    else reporter.info(`Ended after step ${result.end.step}; worker 0 has the results.`);
    interrupt?.throwIfAborted();
    // A scheduler takes success for the training's end.
    if (result.end.interrupted) {
      reporter.warn('Another worker was told to end.');
      process.exitCode = LOST_WORKER;
    }
  },
});

/** What `--nnodes` and `--rdzv-endpoint` say; undefined without them. */
function readNodes(nnodes: string | undefined, endpoint: string | undefined): Nodes | undefined {
  if (nnodes === undefined && endpoint === undefined) return undefined;
  const [, min = '', max = min] = /^(\d+)(?::(\d+))?$/.exec(nnodes ?? '') ?? [];
  if (Number(min) < 1 || Number(max) < Number(min))
    throw new UserError('How many machines are to train?', {
      where: '--nnodes',
      expected: 'N or MIN:MAX, at least 1, for example 2:4',
      got: nnodes ?? 'nothing',
    });
  if (endpoint === undefined || !isAddress(endpoint))
    throw new UserError('Where do the machines meet?', {
      where: '--rdzv-endpoint',
      expected: 'HOST:PORT, the same on all: an address of one of them, and a port that is free there',
      got: endpoint ?? 'nothing',
    });
  return { min: Number(min), max: Number(max), endpoint };
}

/** The arguments of each of several workers: those of this process, or to go on with the run that they have begun. */
function workerArguments(
  { config, resume, set, runs, verbose, ...others }: WorkerFlags,
  run: string | undefined,
): string[] {
  const what = run === undefined ? { config, resume } : { resume: run };
  const values = { ...what, runs, 'max-steps': others['max-steps'], profile: others.profile };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    'train',
    ...given.map(([flag, value]) => `--${flag}=${value}`),
    // The run has them in its own configuration.
    ...(run === undefined ? set.map((one) => `--set=${one}`) : []),
    ...(verbose ? ['--verbose'] : []),
  ];
}

interface WorkerFlags {
  readonly config: string | undefined;
  readonly resume: string | undefined;
  readonly set: readonly string[];
  readonly runs: string;
  readonly 'max-steps': number | undefined;
  readonly profile: number | undefined;
  readonly verbose: boolean;
}

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
