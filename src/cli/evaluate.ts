import { readSuite } from '../eval/suite/suite.ts';
import { shipped } from '../runtime/command-line.ts';
import { checkpointFlag, defineCommand, setFlag, text, texts, wholeNumber } from './command.ts';
import { catchInterrupts } from './interrupt.ts';
import { joinWorkers } from './join-workers.ts';
import { terminalReporter } from './reporter.ts';

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'Measure checkpoints on held-out photos, and write a report',
  flags: {
    checkpoint: texts(`${checkpointFlag.checkpoint.describe}; several are compared`),
    split: {
      choices: ['test', 'validation', 'train'] as const,
      default: 'test' as const,
      describe: 'Part of the data whose photos are taken',
    },
    suite: {
      ...text('--suite', 'What is measured: photos, holes, sketches, values of l, metrics (YAML)'),
      default: shipped('configs/eval/quick.yaml'),
    },
    set: {
      ...setFlag.set,
      describe:
        'KEY=VALUE: change one key of the suite, or say where photos lie now (data.source.path); repeatable',
    },
    batch: { ...wholeNumber('--batch', 'Images at once'), default: '8' },
    weights: {
      ...text('--weights', 'Folder of the networks that LPIPS, FID and KID need'),
      default: 'weights',
    },
    out: text('--out', 'Folder of the report (default: one below the run’s metrics)'),
  },
  examples: [
    ['evaluate -- --checkpoint runs/00001-quickstart', 'A report of the run’s newest checkpoint'],
    ['evaluate -- --checkpoint runs/00001-dps --checkpoint runs/00002-dps', 'Two runs side by side'],
    ['evaluate -- --checkpoint runs/00001-dps --suite configs/eval/full.yaml', 'All that is measured'],
  ],
  async run({ checkpoint: named, split, suite: path, set, batch, weights, out }) {
    // Where photos lie; what else is known of the data stays as in training.
    const isPlace = (one: string) => /^data\.(source|cache|split\.groups\.file)\b/.test(one);
    const suite = readSuite(
      path,
      set.filter((one) => !isPlace(one)),
    );
    const reporter = terminalReporter();
    const { cluster, module } = await joinWorkers(reporter, () => import('../eval/run.ts'));
    const { defaultCheckpoint } = await import('../core/choose-checkpoint.ts');
    const { canPredict } = await import('../models/load.ts');
    const { headline } = await import('../eval/report/tables.ts');
    const { table } = await import('../train/plan.ts');
    const { report, files } = await module.evaluateRun({
      checkpoints: named ?? [await defaultCheckpoint(reporter, canPredict)],
      dataSets: set.filter(isPlace),
      split,
      suite,
      out,
      batch: Number(batch),
      weights,
      reporter,
      signal: catchInterrupts(reporter.warn, 'after the images in progress; the same command goes on'),
    });
    if (cluster && cluster.rank > 0) {
      reporter.info(`Worker 0 has written the report: ${files.join(', ')}`);
      return;
    }
    const { head, rows } = headline(report);
    for (const line of ['', ...table(head, rows), ...files]) reporter.info(line);
  },
});
