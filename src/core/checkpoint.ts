/**
 * Checkpoints on disk: a folder `step-N` of `manifest.json` and safetensors files. It appears under its name only when
 * complete, and the manifest holds the size and SHA-256 of every file.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { shellWord } from '../runtime/command-line.ts';
import { UserError } from '../runtime/errors.ts';
import {
  hashFile,
  ifThere,
  linkOrCopy,
  makeFolderAtomically,
  nameFile,
  readText,
  syncFolder,
  writeFileAtomically,
} from '../runtime/files.ts';
import { parseJson } from '../runtime/strict-json.ts';
import {
  readSafetensors,
  type StoredTensor,
  type TensorToStore,
  writeSafetensors,
} from '../weights/safetensors.ts';

const FORMAT_VERSION = 1;
/** The file of optimisers' moments, averages, and what else a stage keeps beside its networks' weights. */
export const STAGE_FILE = 'stage';
/** A checkpoint that is being replaced stands under a name of its own until the new one has the usual name. */
const FOLDER = /^step-(\d+)(\.replaced)?$/;
const maxManifestBytes = 64 * 2 ** 20;

const manifestSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  /** Optimiser steps since the run began. */
  step: z.int().min(0),
  /** The stage in progress, and the steps done in it. */
  stage: z.strictObject({
    index: z.int().min(0),
    name: z.string(),
    step: z.int().min(0),
    /** Time that it has taken, where that is limited. */
    seconds: z.number().min(0).optional(),
    /** Of early stopping: the best measurement, how many have followed that were no better, and the last one's step. */
    patience: z
      .strictObject({
        metric: z.string(),
        best: z.number().optional(),
        waited: z.int().min(0),
        step: z.int().min(0),
      })
      .optional(),
  }),
  /** The lengths of all stages, steps. */
  stageSteps: z.array(z.int().min(0)).optional(),
  /** What tells the training samples apart from others: how many, and the SHA-256 of their ids in their order. */
  trainingSamples: z.strictObject({ count: z.int().min(1), sha256: z.string() }).optional(),
  /** The run's complete configuration. */
  config: z.unknown(),
  /** States of random streams, and positions in the data, by name. */
  random: z.record(z.string(), z.unknown()),
  /** The networks that hold trained weights; the others are as they were initialised. Absent: all do. */
  trained: z.array(z.string()).optional(),
  /** The files that the weights were imported from. */
  origin: z.array(z.strictObject({ file: z.string(), sha256: z.string() })).optional(),
  /** The program that made it, of a model that ships: such a one has the networks that predict alone. */
  producer: z.strictObject({ name: z.string(), version: z.string() }).optional(),
  /** Held-out measurements, if any were made. */
  metrics: z.record(z.string(), z.number()),
  /** It was made to lose little and goes once newer ones are there. Absent: it was made to be kept. */
  passing: z.literal(true).optional(),
  /** File names to what they must hold. */
  files: z.record(
    z.string().regex(/^[\w.-]+\.safetensors$/),
    z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
  /** Of the manifest itself without this entry, see {@link hashManifest}. */
  sha256: z.string(),
});

export type CheckpointManifest = z.output<typeof manifestSchema>;
export type CheckpointHead = Omit<CheckpointManifest, 'formatVersion' | 'files' | 'sha256'>;

export interface Checkpoint extends CheckpointHead {
  /** Tensors by file (without `.safetensors`) and name. */
  readonly tensors: Readonly<Record<string, ReadonlyMap<string, StoredTensor>>>;
}

/** Tensors by file (without `.safetensors`) and name; undefined: the file is as it was in an earlier checkpoint. */
export type FilesToStore = Readonly<Record<string, Iterable<readonly [string, TensorToStore]> | undefined>>;

/**
 * Writes `FOLDER/step-N`, one safetensors file for each entry of `tensors`. Returns its path. An older folder of that
 * name is replaced when the new one is whole. Nothing incomplete is left behind, unless the process is killed: then a
 * `*.tmp` folder.
 *
 * @param earlier the checkpoint that has the files which have not changed; they are linked, or copied where the file
 *   system has no hard links.
 */
export async function writeCheckpoint(
  folder: string,
  head: CheckpointHead,
  tensors: FilesToStore,
  earlier?: string,
): Promise<string> {
  const path = join(folder, `step-${head.step}`);
  await makeFolderAtomically(
    path,
    (temporary) => fillCheckpoint(temporary, head, tensors, earlier),
    putInPlace,
  );
  return path;
}

/** {@link writeCheckpoint}, and how long it took, ms: whoever waits for a thread may notice late that it is done. */
export async function writeCheckpointTimed(
  ...args: Parameters<typeof writeCheckpoint>
): Promise<{ path: string; took: number }> {
  const begin = performance.now();
  const path = await writeCheckpoint(...args);
  return { path, took: performance.now() - begin };
}

/**
 * Writes a checkpoint's files into a folder that is there. Returns the weights' files with their sizes and hashes.
 *
 * @param earlier see {@link writeCheckpoint}.
 */
export async function fillCheckpoint(
  folder: string,
  head: CheckpointHead,
  tensors: FilesToStore,
  earlier?: string,
): Promise<CheckpointManifest['files']> {
  const files: CheckpointManifest['files'] = {};
  const known = earlier === undefined ? {} : (await readManifest(earlier)).files;
  for (const [name, entries] of Object.entries(tensors)) {
    const file = `${name}.safetensors`;
    const path = join(folder, file);
    if (entries) files[file] = await writeSafetensors(path, entries);
    else {
      if (earlier === undefined || !known[file]) throw new Error(`${file} is in no earlier checkpoint.`);
      const { bytes } = known[file];
      await linkOrCopy(join(earlier, file), path);
      const { size } = await stat(path);
      if (size !== bytes) throw damaged(join(earlier, file), `${bytes} bytes`, `${size} bytes`);
      files[file] = known[file];
    }
  }
  const content = { formatVersion: FORMAT_VERSION, ...head, files };
  const manifest = { ...content, sha256: hashManifest(content) };
  await writeFileAtomically(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  return files;
}

/** Gives a whole checkpoint its name. Whenever the process ends, the old or the new one stands under a name that counts. */
async function putInPlace(temporary: string, path: string): Promise<void> {
  const replaced = `${path}.replaced`;
  await rename(path, replaced).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return;
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
    // Left of a replacement that was complete.
    await rm(replaced, { recursive: true, force: true });
    await rename(path, replaced);
  });
  await rename(temporary, path);
  await syncFolder(dirname(path));
  await rm(replaced, { recursive: true, force: true });
}

/** Reads a checkpoint's folder. Throws a UserError when a file is missing, damaged or not what the manifest says. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { files, formatVersion: _, sha256: __, ...head } = await readManifest(path);
  const tensors: Record<string, ReadonlyMap<string, StoredTensor>> = {};
  for (const [file, expected] of Object.entries(files)) {
    try {
      await verify(join(path, file), expected);
      tensors[file.replace(/\.safetensors$/, '')] = readSafetensors(join(path, file));
    } catch (error) {
      // Training may have removed the whole checkpoint meanwhile.
      if (!(await isThere(path))) throw gone(path);
      throw error;
    }
  }
  return { ...head, tensors };
}

/** Reads `manifest.json` of a checkpoint's folder alone. Throws a UserError when it is missing or not valid. */
export async function readManifest(path: string): Promise<CheckpointManifest> {
  const file = join(path, 'manifest.json');
  let json: unknown;
  try {
    const { size } = await stat(file);
    if (size > maxManifestBytes) throw new Error(`${size} bytes, more than a manifest can have`);
    json = parseJson(await readText(file));
  } catch (error) {
    if (!(await isThere(path))) throw gone(path);
    // A disk that fails now says nothing of the checkpoint.
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== undefined && !['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code ?? ''))
      throw nameFile(error, file);
    throw damaged(file, 'the JSON description of a checkpoint', (error as Error).message);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(file, issue.message, `a manifest that differs at ${issue.path.join('.') || 'its top'}`);
  }
  const { sha256, ...content } = json as Record<string, unknown>;
  const found = hashManifest(content);
  if (sha256 !== found) throw damaged(file, `content of SHA-256 ${sha256}`, found);
  return parsed.data;
}

/** {@link readManifest}; undefined where it is damaged. Throws when the disk cannot read it now: it may be whole. */
export async function readWholeManifest(path: string): Promise<CheckpointManifest | undefined> {
  return readManifest(path).catch((error) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}

const isThere = async (path: string): Promise<boolean> => (await ifThere(stat(path))) !== undefined;

/** A checkpoint's folder is no longer there: training keeps the newest ones and the best alone. */
export class CheckpointGone extends UserError {}

function gone(path: string): CheckpointGone {
  return new CheckpointGone('The checkpoint is not there any more.', {
    where: path,
    expected: 'a checkpoint’s folder; training keeps the newest output.keepCheckpoints and the best one',
    got: 'nothing of that name',
    fix: 'name the run, which stands for its newest checkpoint; copy a checkpoint that is to stay',
  });
}

/** SHA-256 of a manifest's content, the same for every way to write it as JSON that keeps the order. */
function hashManifest(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

async function verify(file: string, expected: { bytes: number; sha256: string }): Promise<void> {
  const found = await ifThere(stat(file));
  if (!found) throw damaged(file, `a file of ${expected.bytes} bytes`, 'nothing');
  if (found.size !== expected.bytes) throw damaged(file, `${expected.bytes} bytes`, `${found.size} bytes`);
  const sha256 = await hashFile(file);
  if (sha256 !== expected.sha256) throw damaged(file, `SHA-256 ${expected.sha256}`, sha256);
}

/** The complete checkpoints of a `checkpoints` folder, oldest first; none when there is no such folder. */
export async function listCheckpoints(folder: string): Promise<{ step: number; path: string }[]> {
  const names = (await ifThere(readdir(folder))) ?? [];
  return names
    .flatMap((name) => {
      const [, step, replaced] = FOLDER.exec(name) ?? [];
      if (step === undefined || (replaced && names.includes(`step-${step}`))) return [];
      return [{ step: Number(step), path: join(folder, name) }];
    })
    .sort((a, b) => a.step - b.step);
}

/**
 * Removes all but the newest `keep` of the checkpoints that were made to be kept, `besides` (a path), and the newest one or
 * two whatever they are; and what interrupted writing left behind.
 */
export async function pruneCheckpoints(folder: string, keep: number, besides?: string): Promise<void> {
  const all = (await listCheckpoints(folder)).map(({ path }) => path);
  const lasting: string[] = [];
  for (const path of all.toReversed()) {
    if (lasting.length === keep) break;
    if (!(await readWholeManifest(path))?.passing) lasting.push(path);
  }
  const newest = all.slice(-Math.min(keep, 2));
  const kept = [...lasting, ...newest, ...(besides ? [besides] : [])].map((path) => basename(path));
  const names = await readdir(folder);
  const leftovers = names.filter((name) => /^step-\d+\..*\.tmp$/.test(name));
  const old = names.filter((name) => FOLDER.test(name) && !kept.includes(name));
  for (const name of old) {
    // Under its own name a checkpoint is whole; a kill while it is being removed must not leave the rest of it there.
    const removed = `${name}.removed-${randomBytes(4).toString('hex')}.tmp`;
    await rename(join(folder, name), join(folder, removed));
    leftovers.push(removed);
  }
  // Else a power failure could bring the name back, and not the files.
  if (old.length > 0) await syncFolder(folder);
  for (const name of leftovers) await rm(join(folder, name), { recursive: true, force: true });
}

/** Whether a checkpoint's folder is that of a model that ships: it lies in a folder `pretrained`. */
export const isPretrained = (path: string): boolean => basename(dirname(resolve(path))) === 'pretrained';

/** @param where the damaged file. */
function damaged(where: string, expected: string, got: string): UserError {
  const folder = dirname(resolve(where));
  const place = relative('.', dirname(folder)) || '.';
  return new UserError('A checkpoint is damaged.', {
    where,
    expected,
    got,
    fix: isPretrained(folder)
      ? `get the model back from the repository: git -C ${shellWord(place)} checkout -- ${shellWord(basename(folder))}`
      : 'use another of the run’s checkpoints',
  });
}
