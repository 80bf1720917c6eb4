/**
 * Makes the folder in which a model ships, `pretrained/NAME`. It is a checkpoint like any other, of the networks alone that
 * predict, in half precision, with their averaged weights where training kept such; and a model card.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import type { RunConfig } from '../config/run-config.ts';
import { type CheckpointHead, fillCheckpoint } from '../core/checkpoint.ts';
import { pipeline } from '../core/computation.ts';
import { type LoadedMethod, loadMethod, trainedPredictor } from '../models/load.ts';
import { namedWeights } from '../nn/network-weights.ts';
import type { LayersModel } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { makeFolderAtomically, writeFileAtomically } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import { fitsFloat16, type Precision, roundToFloat16 } from '../weights/float16.ts';
import type { TensorToStore } from '../weights/safetensors.ts';
import { missingSections, pretrainedCard, readStatements, type Statements } from './pretrained-card.ts';
import { compareOutputs, makeCases, type Proof, requireEqual, runOnValues, toleranceOf } from './proof.ts';
import { type Origin, originOf, PRODUCER } from './report.ts';
import { requireNew } from './run.ts';

/** Which checkpoint ships, and in what form. */
export interface PretrainedOptions {
  /** A run's folder, which stands for its newest checkpoint, or a checkpoint's. */
  readonly checkpoint: string;
  /** A folder that does not exist yet; its name becomes the model's. */
  readonly out: string;
  /** A Markdown file with what only those who publish the model know. Default: the card says what is not stated. */
  readonly card?: string | undefined;
  /** Of the stored weights, default `fp16`. */
  readonly precision?: Precision | undefined;
  /** How large the folder may be, MB of 10^6 bytes. Default: 32. */
  readonly maxMegabytes?: number | undefined;
  /** Is told what the card does not say. Default: nobody. */
  readonly reporter?: Reporter | undefined;
}

/** Weights of fewer numbers stay in single precision: they take no room. */
const HALF_FROM = 1024;
/** Names of runs' folders are such, too: a model's stands in its configuration. */
const NAME = /^[a-z0-9][a-z0-9-]{0,99}$/;
/** Keys of a configuration that hold paths. */
const PLACES = ['path', 'cache', 'file', 'weights', 'initialWeights'];

/**
 * Makes the folder of a model that ships, and proves that it predicts as the checkpoint does.
 *
 * @returns the proof.
 * @throws UserError when the folder exists or has no model's name, the checkpoint cannot predict, the text for the card
 *   cannot be used, or the model is too large or predicts otherwise. Nothing is left then.
 */
export async function exportPretrained(options: PretrainedOptions): Promise<Proof> {
  const { checkpoint, out, card, precision = 'fp16', maxMegabytes = 32, reporter = silent } = options;
  requireNew(out);
  const name = requireName(out);
  const statements = card === undefined ? {} : await readStatements(card);
  const loaded = await loadMethod(checkpoint);
  try {
    return await makeFolderAtomically(out, (folder) =>
      fill(folder, { loaded, name, statements, precision, maxMegabytes, reporter }),
    );
  } finally {
    loaded.method.dispose();
  }
}

interface Filling {
  readonly loaded: LoadedMethod;
  readonly name: string;
  readonly statements: Statements;
  readonly precision: Precision;
  readonly maxMegabytes: number;
  readonly reporter: Reporter;
}

async function fill(
  folder: string,
  { loaded, name, statements, precision, maxMegabytes, reporter }: Filling,
): Promise<Proof> {
  const { method, checkpoint } = loaded;
  const { networks } = trainedPredictor(loaded);
  const config = shippedConfig(loaded.config, name);
  const { step, stage, stageSteps, trainingSamples, origin, metrics } = checkpoint;
  const head: CheckpointHead = {
    step,
    stage,
    stageSteps,
    trainingSamples,
    config,
    random: {},
    trained: [...networks],
    origin,
    producer: PRODUCER,
    metrics,
  };
  const arrays = networks.map((network) => [network, arraysOf(method.networks[network], precision)] as const);
  const files = await fillCheckpoint(folder, head, Object.fromEntries(arrays));
  await requireSmall(folder, maxMegabytes);
  const proof = await compare(loaded, folder, precision);
  requireEqual(proof);
  const text = pretrainedCard({ name, origin: await shippedOrigin(loaded, name), files, proof, statements });
  await writeFileAtomically(join(folder, 'README.md'), text);
  const missing = missingSections(statements);
  if (missing.length > 0)
    reporter.warn(`The model card does not say: ${missing.join(', ')}. Write it into a file for --card.`);
  return proof;
}

function requireName(out: string): string {
  const name = basename(resolve(out));
  if (NAME.test(name)) return name;
  throw new UserError('The folder’s name cannot be that of a model.', {
    where: `--out ${out}`,
    expected: 'lower-case letters, digits and hyphens, such as pretrained/portraits-128',
    got: name,
  });
}

/**
 * The configuration by which it predicts and is evaluated. Where training wrote to is left out, and of paths that lead out
 * of the folder where it was started the last part alone stays: elsewhere they mean nothing.
 */
function shippedConfig({ output: _, ...config }: RunConfig, name: string): object {
  return { ...(withoutPlaces(config) as object), name };
}

/** Where a model comes from, without what means nothing elsewhere. */
export async function shippedOrigin(loaded: LoadedMethod, name: string): Promise<Origin> {
  return {
    ...(await originOf(loaded)),
    config: shippedConfig(loaded.config, name) as RunConfig,
    checkpoint: loaded.path.split(sep).slice(-3).join('/'),
  };
}

function withoutPlaces(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutPlaces(one, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([own, one]) => [own, withoutPlaces(one, own)]));
  if (typeof value !== 'string' || !PLACES.includes(key)) return value;
  return isAbsolute(value) || value.startsWith('..') ? basename(value) : value;
}

function arraysOf(network: LayersModel, precision: Precision): [string, TensorToStore][] {
  return Object.entries(namedWeights(network)).map(([name, weight]) => {
    const data = weight.dataSync() as Float32Array;
    const halves = precision === 'fp16' && data.length >= HALF_FROM && fitsFloat16(data);
    return [name, { shape: weight.shape, data: halves ? roundToFloat16(data) : data }];
  });
}

async function requireSmall(folder: string, maxMegabytes: number): Promise<void> {
  let bytes = 0;
  for (const file of await readdir(folder)) bytes += (await stat(join(folder, file))).size;
  if (bytes <= maxMegabytes * 1e6) return;
  throw new UserError('The model is too large to ship.', {
    where: '--max-megabytes',
    expected: `at most ${maxMegabytes} MB`,
    got: `${(bytes / 1e6).toFixed(1)} MB`,
    fix: 'train narrower networks (the widths below model), or allow more with --max-megabytes',
  });
}

/** Predicts with what was written as those do who get it. */
async function compare({ method, config }: LoadedMethod, folder: string, precision: Precision) {
  const cases = makeCases(pipeline(method, config));
  const written = await loadMethod(folder);
  const { run } = pipeline(written.method, written.config);
  const runner = {
    run: async (inputs: (typeof cases)[number]['inputs']) => runOnValues(run, inputs),
    close: async () => written.method.dispose(),
  };
  const { outputs } = await compareOutputs(cases, runner);
  const tolerance = toleranceOf(precision);
  return { network: 'pipeline', format: 'pretrained', runtime: 'native engine', tolerance, outputs };
}
