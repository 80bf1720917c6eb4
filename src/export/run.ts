/** Writes a checkpoint's networks in the formats of other programs, and proves each file equal to its source. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Computation, chooseComputations, graphOf, singleNetwork } from '../core/computation.ts';
import type { Method } from '../core/method.ts';
import { type LoadedMethod, loadMethod, requireTrained } from '../models/load.ts';
import { UserError } from '../runtime/errors.ts';
import { hashFile, makeFolderAtomically, writeFileAtomically } from '../runtime/files.ts';
import { type Reporter, silent } from '../runtime/progress.ts';
import type { Precision } from '../weights/float16.ts';
import type { Exporter, ExportSource } from './formats/exporter.ts';
import { exportOnnx } from './formats/onnx.ts';
import { exportOnnxPhoto, requirePhotos } from './formats/onnx-photo.ts';
import { exportSafetensors } from './formats/safetensors.ts';
import { exportTfjs } from './formats/tfjs.ts';
import { modelCard } from './model-card.ts';
import { type Case, makeCases, type Proof, requireEqual } from './proof.ts';
import {
  describeConfig,
  describeOrigin,
  type ExportReport,
  LICENCE,
  type Origin,
  originOf,
  PRODUCER,
} from './report.ts';

const exporters = {
  onnx: exportOnnx,
  tfjs: exportTfjs,
  safetensors: exportSafetensors,
  'onnx-photo': exportOnnxPhoto,
} satisfies Record<string, Exporter>;

/** A form in which other programs read a model. */
export type ExportFormat = keyof typeof exporters;
/** Those of the same computation. */
const EXPORT_FORMATS = ['onnx', 'tfjs', 'safetensors'] as const satisfies readonly ExportFormat[];

/** What is exported, in which forms, and where to. */
export interface ExportOptions {
  /** A run's folder, which stands for its newest checkpoint, or a checkpoint's. */
  readonly checkpoint: string;
  /** A folder that does not exist yet. */
  readonly out: string;
  /** Default: `onnx`, `tfjs` and `safetensors`. */
  readonly formats?: readonly ExportFormat[] | undefined;
  /** Of the stored weights, default `fp32`. The computation is in single precision in any case. */
  readonly precision?: Precision | undefined;
  /** `pipeline`, the default, `G` for the generators of all levels, or a network's name. */
  readonly network?: string | undefined;
  readonly reporter?: Reporter | undefined;
  /** Ends the export after the file in progress. */
  readonly signal?: AbortSignal | undefined;
}

/** What an export says of its origin, and what is written beside its files. */
export interface Publication {
  origin(loaded: LoadedMethod): Promise<Origin>;
  /** Writes the card, which gets this text, and what else belongs into the folder. */
  finish(folder: string, report: ExportReport, card: string): Promise<void>;
}

const PLAIN: Publication = {
  origin: originOf,
  finish: (folder, _, card) => writeFileAtomically(join(folder, 'README.md'), card),
};

/**
 * Exports from a checkpoint into a new folder: the formats' files, `export.json` and `README.md`.
 *
 * @returns what `export.json` holds.
 * @throws UserError when the folder exists, there is no checkpoint, a network is unknown or untrained, or a file is not
 *   equal to its source; the signal's reason when it was aborted. Nothing is left then.
 */
export async function exportModel(
  options: ExportOptions,
  { origin: describe, finish }: Publication = PLAIN,
): Promise<ExportReport> {
  const { checkpoint, out, network = 'pipeline' } = options;
  requireNew(out);
  const loaded = await loadMethod(checkpoint);
  try {
    const computations = chooseComputations(loaded.method, loaded.config, network);
    const needed = computations.flatMap(({ networks }) => networks.map(({ name }) => name));
    requireTrained([...new Set(needed)], loaded.trained, loaded.path);
    if (options.formats?.includes('onnx-photo')) requirePhotos(network, loaded.config.task);
    return await makeFolderAtomically(out, async (temporary) => {
      const report = await writeAll(temporary, loaded, await describe(loaded), computations, options);
      await writeFileAtomically(join(temporary, 'export.json'), `${JSON.stringify(report, null, 1)}\n`);
      await finish(temporary, report, modelCard(report, computations));
      return report;
    });
  } finally {
    loaded.method.dispose();
  }
}

/** Throws a UserError when something stands in the place of an export already. */
export function requireNew(out: string): void {
  if (!existsSync(out)) return;
  throw new UserError('The folder to export into exists already.', {
    where: out,
    expected: 'a new folder',
    fix: 'name another one with --out, or remove it',
  });
}

async function writeAll(
  folder: string,
  loaded: LoadedMethod,
  origin: Origin,
  computations: readonly Computation[],
  { formats = EXPORT_FORMATS, precision = 'fp32', reporter = silent, signal }: ExportOptions,
): Promise<ExportReport> {
  const { checkpoint, step, sha256 } = origin;
  const from = `${checkpoint}, step ${step}, SHA-256 ${sha256}`;
  const metadata = { ...describeConfig(origin.config), origin: from, licence: LICENCE };
  const options = { folder, precision, description: describeOrigin(origin), metadata };
  const proofs: Proof[] = [];
  const task = reporter.task('Export', computations.length * formats.length, 'files');
  let done = 0;
  for (const computation of computations) {
    const source = sourceOf(computation, loaded.method);
    for (const format of formats) {
      // Lets the event loop handle signals now, because what follows keeps the thread busy.
      await setImmediate();
      signal?.throwIfAborted();
      task.update(done++, `${computation.name} as ${format}`);
      const found = await exporters[format](source, options);
      for (const proof of found) requireEqual(proof);
      proofs.push(...found);
    }
  }
  task.update(done, '');
  task.finish();
  return { formatVersion: 1, producer: PRODUCER, precision, origin, proofs, files: await filesIn(folder) };
}

/** Graph and cases are made once, and only for formats that need them. */
function sourceOf(computation: Computation, method: Method): ExportSource {
  let graph: ReturnType<typeof graphOf> | undefined;
  let cases: readonly Case[] | undefined;
  return {
    computation,
    graph: () => (graph ??= graphOf(computation)),
    cases: () => (cases ??= makeCases(computation)),
    network: ({ name }) => sourceOf(singleNetwork(method, name), method),
  };
}

async function filesIn(folder: string): Promise<ExportReport['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of paths.sort()) {
    const { size: bytes } = await stat(path);
    files[relative(folder, path).split(sep).join('/')] = { bytes, sha256: await hashFile(path) };
  }
  return files;
}
