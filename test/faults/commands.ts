/** The commands whose operations on files fail one after the other: how each is started, gone on with, and compared. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { listCheckpoints, readCheckpoint } from '../../src/core/checkpoint.ts';
import { createMethod } from '../../src/models/registry.ts';
import { stream } from '../../src/runtime/seed.ts';
import { lastCheckpoint, logLines, onlyRun } from '../chaos/chaos.ts';
import { setUpTraining } from '../chaos/setup.ts';
import { entriesOf, withDeadWeights, writeStateDict } from '../import/state-dicts.ts';
import { tinyConfig } from '../models/dps/tiny.ts';

export interface CommandUnderTest {
  /** Commands whose results it takes. */
  readonly needs: readonly string[];
  /** The arguments of a first start, and of every start after one that failed. */
  args(work: string): string[];
  /** What it makes, as texts that must be those of an undisturbed run, by name. */
  result(work: string): Map<string, string>;
  /**
   * What stands under its name after a failure and is not whole. Where it is not given: what differs from an undisturbed
   * run's result.
   */
  half?(work: string): Promise<string | undefined>;
}

const suite = [
  'images=1',
  'holes=[rectangle]',
  'l=[0.5]',
  'sketches={degradations: [0]}',
  'metrics=[l1, psnr]',
];
/** What a new training has: two stages of a step, and networks of few weights. Compiling has no files of its own and takes longer than the steps. */
const small = [
  'runtime.compile=false',
  'model={width: 2, residualBlocks: 0, discriminatorWidth: 2, discriminatorLayers: 1}',
  'model.imageGenerator={width: 2, discriminatorLayers: 1}',
  'training.imageGenerator.batch=1',
  'training.levels.0={batch: 1, atDrawnRefinement: {steps: 0}}',
  'output.sampleRefinement=[1]',
  'output.keepCheckpoints=1',
];
const sets = (keys: readonly string[]) => keys.flatMap((key) => ['--set', key]);
const run = (work: string) => join(work, 'runs', '00001-chaos');

/** In the order in which they need each other's results. */
export const COMMANDS = {
  prepare: {
    needs: [],
    args: (work) => ['prepare', '--config', join(work, 'chaos.yaml')],
    result: (work) => hashes(join(work, 'cache')),
  },
  train: {
    needs: ['prepare'],
    args(work) {
      const begun = onlyRun(join(work, 'runs'));
      return [
        'train',
        ...(begun ? ['--resume', begun] : ['--config', join(work, 'chaos.yaml'), ...sets(small)]),
        ...['--runs', join(work, 'runs')],
      ];
    },
    result(work) {
      const begun = onlyRun(join(work, 'runs'));
      // A training that did not come so far has neither.
      if (begun === undefined || !existsSync(join(begun, 'log.jsonl'))) return new Map();
      return new Map([...hashes(lastCheckpoint(begun)), ['log.jsonl', logLines(begun).join('\n')]]);
    },
    async half(work) {
      const begun = onlyRun(join(work, 'runs'));
      for (const { path } of begun ? await listCheckpoints(join(begun, 'checkpoints')) : []) {
        const error = await readCheckpoint(path).catch((failure: Error) => failure);
        if (error instanceof Error) return error.message;
      }
      return undefined;
    },
  },
  evaluate: {
    needs: ['prepare', 'train'],
    args: (work) => [
      ...['evaluate', '--checkpoint', run(work), '--out', join(work, 'report')],
      ...sets(suite),
    ],
    result: (work) => hashes(join(work, 'report')),
  },
  export: {
    needs: ['prepare', 'train'],
    args: (work) => [
      'export',
      '--checkpoint',
      run(work),
      '--network',
      'F',
      '--format',
      'all',
      '--out',
      join(work, 'exports', 'F'),
    ],
    result: (work) => hashes(join(work, 'exports')),
  },
  infer: {
    needs: ['prepare', 'train'],
    args: (work) => [
      ...['infer', '--checkpoint', run(work), '--out', join(work, 'results')],
      ...['--image', join(work, 'photos'), '--mask', join(work, 'masks'), '--sketch', join(work, 'sketches')],
    ],
    result: (work) => hashes(join(work, 'results')),
  },
  import: {
    needs: [],
    args: (work) => ['import', '--from', join(work, released), '--out', join(work, 'imported')],
    result: (work) => hashes(join(work, 'imported')),
  },
} satisfies Record<string, CommandUnderTest>;

export type CommandName = keyof typeof COMMANDS;

/** As DeepPS names it. */
const released = 'ECCV-EDT-celebaHQ-D64.ckpt';

/** Puts into a folder what the commands begin with: pictures, a configuration, released weights. */
export async function setUpCommands(work: string): Promise<void> {
  await setUpTraining(work, 3, { count: 3, levels: 1 });
  const side = 96;
  const random = stream(1, 'photos');
  const pictures = {
    photos: (x: number, y: number) => [x, y, random.integer(0, 255)],
    masks: (x: number, y: number) => Array(3).fill(Math.hypot(x - 48, y - 48) < 20 ? 255 : 0),
    sketches: (x: number) => Array(3).fill(x === 48 ? 0 : 255),
  };
  for (const [folder, colour] of Object.entries(pictures)) {
    await mkdir(join(work, folder));
    const pixels = Array.from({ length: side * side }, (_, p) => colour(p % side, Math.floor(p / side)));
    await sharp(Uint8Array.from(pixels.flat()), { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(join(work, folder, 'a.png'));
  }
  const method = createMethod(tinyConfig({ levels: 1 }));
  await writeStateDict(join(work, released), withDeadWeights(entriesOf(method.networks.D64)), 'zip');
  method.dispose();
}

/**
 * SHA-256 of every file below a folder, but of those under temporary names, of what an evaluation goes on from, and of what is
 * known of when files were changed.
 */
function hashes(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\.tmp|\/\.shards\/|file-hashes\.json$/.test(path));
  return new Map(files.sort().map((path) => [relative(folder, path), hashOf(path)]));
}

/** TF.js numbers its layers on from one model of a process to the next (`rectifier_Rectifier49`), so their names and hashes differ. */
const NUMBERS = /_[A-Za-z]*\d+(?=")/g;
const DIFFERING = /^(seconds|times|tfjs-layers\/.*)$/;

function hashOf(path: string): string {
  const content = readFileSync(path);
  const told = path.endsWith('.json') ? comparable(content.toString()) : content;
  return createHash('sha256').update(told).digest('hex');
}

/** JSON without what differs from run to run; what is no JSON, being half of it, as it is. */
function comparable(text: string): string {
  try {
    const json = JSON.parse(text, (key, value) => (DIFFERING.test(key) ? undefined : value));
    return JSON.stringify(json).replaceAll(NUMBERS, '');
  } catch {
    return text;
  }
}
