import { join } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { configFlag, defineCommand, HIGHEST_PORT, setFlag, wholeNumber } from './command.ts';
import { exitOnSignals } from './interrupt.ts';
import { joinWorkers } from './join-workers.ts';
import { terminalReporter } from './reporter.ts';

/** Samples on the contact sheet. */
const SHOWN = 16;

export const prepare = defineCommand({
  name: 'prepare',
  summary: 'Make the crops and sketches of a config’s source; train does it by itself when needed',
  flags: {
    config: { ...configFlag.config, demandOption: true },
    ...setFlag,
    inspect: {
      type: 'boolean',
      default: false,
      describe: 'Then show the samples as training sees them, on a page of this machine, to leave some out',
    },
    port: {
      ...wholeNumber('--port', 'With --inspect: port of the page; 0: any free one', 0, HIGHEST_PORT),
      default: '4322',
    },
  },
  examples: [
    [
      'prepare -- --config configs/dps.yaml --set data.source.kind=folder --set data.source.path=photos',
      'Sketches of your photos',
    ],
    ['prepare -- --config configs/dps.yaml --inspect', 'Look through the samples, and leave bad ones out'],
  ],
  async run({ config, set, inspect, port }) {
    const reporter = terminalReporter();
    const { cluster, module } = await joinWorkers(reporter, () => import('../models/read-config.ts'));
    const { amongWorkers } = await import('../ops/coordination.ts');
    const loaded = module.loadConfig(config, set);
    exitOnSignals();
    if (inspect) {
      if (cluster) throw new UserError('--inspect is for one process; leave TF_CONFIG out.');
      const { startInspection } = await import('../editor/inspect/inspect.ts');
      const list = config.replace(/(\.ya?ml)?$/i, '.exclude.txt');
      const { url } = await startInspection({ config: loaded.config, list, port: Number(port), reporter });
      // Its server keeps the process alive.
      reporter.info(`The data set is at ${url} (Ctrl-C ends it).`);
      return;
    }
    await amongWorkers(() => prepareAndShow(loaded.config, reporter, !cluster || cluster.rank === 0));
  },
});

/**
 * Prepares the source, reports how many samples each split has, and leaves a contact sheet in the cache.
 *
 * @param draws whether this process draws that sheet; of several workers one does.
 */
export async function prepareAndShow(config: RunConfig, reporter: Reporter, draws = true): Promise<void> {
  const data = await import('../data/prepare.ts');
  const { contactSheet } = await import('../data/picture-grid.ts');
  const { writeFileAtomically } = await import('../runtime/files.ts');
  const { folders, resolution, samples, problems } = await data.prepare({ config, reporter });
  const counts = Object.entries(samples).map(([split, { length }]) => `${split} ${length}`);
  reporter.info(`Samples at ${resolution} px: ${counts.join(', ')}; unusable files: ${problems.length}`);
  for (const folder of new Set(folders)) reporter.info(`Pairs of photo and sketch: ${folder}`);
  if (!draws) return;
  const all = [...samples.train, ...samples.validation, ...samples.test];
  const step = Math.max(1, Math.floor(all.length / SHOWN));
  const some = all.filter((_, i) => i % step === 0).slice(0, SHOWN);
  const sheet = join(folders[0], 'sheet.png');
  const { imageInput } = await import('../data/decode.ts');
  const pairs = await Promise.all(some.map(({ pairPath: path, part }) => imageInput({ path, part })));
  await writeFileAtomically(sheet, await contactSheet(pairs, 2 * resolution, resolution, 4));
  reporter.info(`Contact sheet: ${sheet}`);
}
