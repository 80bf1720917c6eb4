/** Makes and caches the pairs of photo and sketch that training reads, and splits them. */
import { join } from 'node:path';
import { configuredSources, type RunConfig } from '../config/run-config.ts';
import { workerCount } from '../ops/collectives.ts';
import { exchange, leaderFirst, requireEqual } from '../ops/coordination.ts';
import { currentCluster } from '../runtime/cluster.ts';
import { UserError } from '../runtime/errors.ts';
import type { Reporter } from '../runtime/progress.ts';
import { UnreadableFile, UnusableImage } from './decode.ts';
import { Exclusions } from './exclude.ts';
import { FileHashes } from './file-hashes.ts';
import { groupSamples, requireEverySplit } from './groups.ts';
import { openPairMaker } from './make-pairs.ts';
import { encodePair } from './pair.ts';
import { type KeyedItem, keyItems, PreparedCache } from './prepared-cache.ts';
import { openSource } from './sources.ts';
import { splitSamples } from './split.ts';
import type { OpenedSource, PreparedData, PreparedSample, Problem } from './types.ts';

/** Batches of files in work at once: while one is on TensorFlow the other is read or written. */
const batchesAtOnce = 2;

export interface PrepareOptions {
  readonly config: RunConfig;
  /** Photos or pairs from elsewhere, in place of those that the config's `data.source` names. */
  readonly source?: OpenedSource | undefined;
  readonly reporter: Reporter;
  /** Stops between batches by throwing its reason; what is done stays in the cache. */
  readonly signal?: AbortSignal;
}

/**
 * Prepares the config's sources, unless another is given: for every photo its crop and a sketch (HED edges thinned as
 * the original's data), in `data.cache`. What an earlier call has done is taken from there; a file that has changed is done anew. Files that
 * cannot be used are reported and listed, and the rest goes on. Where this process is one of several workers, all must call
 * this; each makes its share of what the cache lacks, and then whatever the others have not put into the cache that it sees.
 *
 * @throws UserError when the source is missing or empty, no file of it can be used, or the cache cannot be written.
 */
export async function prepare(options: PrepareOptions): Promise<PreparedData> {
  const { config, reporter } = options;
  requirePadding(config);
  // Else they would wait for each other at different places.
  await requireEqual({ 'the number of sources': String(configuredSources(config.data).length) });
  const renderSize = Math.max(config.resolution, config.data.edges.size);
  const excluded = await Exclusions.read(config.data.exclude);
  const sources: OpenedSource[] = options.source ? [requireItems(options.source, excluded)] : [];
  const { cache } = config.data;
  if (!options.source)
    for (const one of configuredSources(config.data))
      sources.push(await leaderFirst(() => openSource(one, cache, renderSize, reporter, excluded)));
  excluded.tell(reporter);
  const prepared: PreparedSource[] = [];
  for (const source of sources) prepared.push(await prepareSource(source, options, prepared));
  const samples = await split(
    prepared.flatMap((source) => source.samples),
    config.data.split,
    reporter,
  );
  const mixed = prepared.flatMap(({ source }) => source.mixed ?? []);
  for (const { name } of mixed) requireTrainingSamples(name, samples.train);
  return {
    resolution: config.resolution,
    folders: prepared.map(({ folder }) => folder),
    samples: {
      train: samples.train,
      validation: byTurns(samples.validation),
      test: byTurns(samples.test),
    },
    problems: prepared.flatMap(({ problems }) => problems),
    weights:
      mixed.length > 0 ? Object.fromEntries(mixed.map(({ name, weight }) => [name, weight])) : undefined,
  };
}

/** A sample of each source by turns: sample grids, validation and `testCount` take the first ones. */
function byTurns(samples: readonly PreparedSample[]): PreparedSample[] {
  const names = [...new Set(samples.map(({ source }) => source))];
  const sources = names.map((name) => samples.filter(({ source }) => source === name));
  const longest = Math.max(0, ...sources.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => sources.flatMap((own) => own.slice(i, i + 1))).flat();
}

async function split(
  samples: readonly PreparedSample[],
  shares: RunConfig['data']['split'],
  reporter: Reporter,
): Promise<PreparedData['samples']> {
  if (!shares.groups) return splitSamples(samples, shares);
  const groups = await groupSamples(
    samples.map(({ id }) => id),
    shares.groups,
  );
  const groupOf = (id: string) => groups.get(id) ?? id;
  const result = splitSamples(samples, shares, groupOf);
  requireEverySplit(result, shares, groups);
  const counts = Object.entries(result).map(([name, some]) => {
    const count = new Set(some.map(({ id }) => groupOf(id))).size;
    return `${name} ${count} with ${some.length} samples`;
  });
  reporter.info(`Split by groups: ${counts.join(', ')}`);
  return result;
}

/** What is made of one source. */
interface PreparedSource {
  readonly source: OpenedSource;
  readonly folder: string;
  readonly samples: readonly PreparedSample[];
  readonly problems: readonly Problem[];
}

async function prepareSource(
  source: OpenedSource,
  { config, reporter, signal }: PrepareOptions,
  before: readonly PreparedSource[],
): Promise<PreparedSource> {
  reporter.info(`Source: ${source.summary}`);
  let cache = await PreparedCache.open(config, source);
  // The leader leaves the hashes of photos to the others.
  const { keyed, unreadable } = await leaderFirst(async () =>
    keyItems(source.items, await FileHashes.open(config.data.cache), reporter),
  );
  requireReadable(unreadable, source);
  const making = { config, source, reporter, signal };
  if (workerCount() > 1) {
    const missing = notMade(keyed, cache);
    // All have looked before one of them makes something.
    await exchange('looked');
    if (missing.length > 0) await makeMissing({ ...making, cache, missing, unreadable: [], share: true });
    await exchange('made');
    cache = await PreparedCache.open(config, source);
  }
  const missing = notMade(keyed, cache);
  if (missing.length > 0) await makeMissing({ ...making, cache, missing, unreadable, share: false });

  const problems = [...unreadable];
  for (const { key, id, path, part } of keyed) {
    const problem = cache.problem(key);
    if (problem) problems.push({ path: part ? join(source.root, id) : path, reason: problem.reason });
  }
  // Sources of the same form share a folder.
  const others = before.filter(({ folder }) => folder === cache.folder);
  await cache.saveProblems([...others.flatMap((other) => other.problems), ...problems]);
  reportProblems(problems, source, cache, reporter);
  const name = source.mixed?.name;
  const samples = keyed.flatMap(({ id, key }): PreparedSample[] => {
    const pair = cache.pair(key);
    if (!pair) return [];
    const place = { key, pairPath: pair.path, ...(pair.part && { part: pair.part }) };
    return [name === undefined ? { id, ...place } : { id: `${name}/${id}`, ...place, source: name }];
  });
  return { source, folder: cache.folder, samples, problems };
}

/** Those whose pairs are not in the cache and may be made, each content once. */
function notMade(items: readonly KeyedItem[], cache: PreparedCache): KeyedItem[] {
  const missing = new Map<string, KeyedItem>();
  for (const item of items) if (!cache.has(item.key) && !cache.problem(item.key)) missing.set(item.key, item);
  return [...missing.values()];
}

function requireTrainingSamples(name: string, samples: readonly PreparedSample[]): void {
  if (samples.some(({ source }) => source === name)) return;
  throw new UserError('A source has no sample to train on.', {
    where: `data.source (name: ${name})`,
    expected: 'at least one training sample of each source',
    got: 'none: all are held out for validation and test',
    fix: 'Add photos to it, or leave it out.',
  });
}

/** An id names one sample for good: the split and the order of training derive from it. */
function requireItems(source: OpenedSource, excluded: Exclusions): OpenedSource {
  const { items, root } = source;
  const ids = new Set<string>();
  let twice: string | undefined;
  for (const { id } of items) {
    if (ids.has(id)) twice = id;
    ids.add(id);
  }
  if (items.length > 0 && twice === undefined)
    return { ...source, items: items.filter(({ id }) => !excluded.has(id)) };
  throw new UserError('The source that was handed over cannot be used.', {
    where: `source (${root})`,
    expected: 'at least one item, each with an id of its own',
    got: twice === undefined ? 'no item' : `the id ${twice} more than once`,
  });
}

/** Of the files of a source this share may be unreadable before preparing ends; one always may. */
const TOLERATED = 0.1;

/** Throws a UserError when many files cannot be read: a share that is asleep, a folder that was moved. */
function requireReadable(unreadable: readonly Problem[], { items, root }: OpenedSource): void {
  const tolerated = Math.max(1, Math.floor(TOLERATED * items.length));
  const last = unreadable.at(-1);
  if (!last || (unreadable.length <= tolerated && items.length > 1)) return;
  throw new UserError('Too many files of the source cannot be read.', {
    where: root,
    expected: `all of ${items.length} files, or all but ${tolerated}`,
    got: `${unreadable.length} that cannot be read, the last one: ${last.path}: ${last.reason}`,
    fix: 'check that the folder is still there, its disk or share awake, and its files readable for this user; then run the command again: nothing of this is remembered',
  });
}

interface Making {
  readonly config: RunConfig;
  readonly source: OpenedSource;
  readonly cache: PreparedCache;
  readonly missing: readonly KeyedItem[];
  /** Gets those that cannot be read. */
  readonly unreadable: Problem[];
  /** Whether this worker makes its share of them alone. */
  readonly share: boolean;
  readonly reporter: Reporter;
  readonly signal: AbortSignal | undefined;
}

async function makeMissing({
  config,
  source,
  cache,
  missing: all,
  unreadable,
  share,
  reporter,
  signal,
}: Making): Promise<void> {
  const maker = await openPairMaker(config, source.form);
  const rank = currentCluster()?.rank ?? 0;
  // Whole batches by turns: in one of another size the last digits of edges may be others.
  const isOwn = (_: unknown, i: number) => Math.floor(i / maker.batch) % workerCount() === rank;
  const missing = share ? all.filter(isOwn) : all;
  const task = reporter.task('Sketches', missing.length, 'images');
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < missing.length) {
      signal?.throwIfAborted();
      const items = missing.slice(next, next + maker.batch);
      next += items.length;
      const results = await maker.make(items);
      await Promise.all(
        results.map(async (result, i) => {
          const { id, key, path, part } = items[i];
          if (!(result instanceof UnusableImage)) {
            await cache.addPair(key, await encodePair(result, config.resolution));
            return;
          }
          const problem = { path: part ? join(source.root, id) : path, reason: result.message };
          if (result instanceof UnreadableFile) unreadable.push(problem);
          else cache.addProblem(key, problem);
        }),
      );
      requireReadable(unreadable, source);
      done += items.length;
      task.update(done);
    }
  };
  const workers = Array.from({ length: batchesAtOnce }, () =>
    work().catch((error) => {
      // The others begin nothing more.
      next = missing.length;
      throw error;
    }),
  );
  try {
    await Promise.all(workers);
  } finally {
    // The network may go only when nobody is using it any more.
    await Promise.allSettled(workers);
    maker.dispose();
    task.finish();
    await cache.flush();
  }
}

function reportProblems(
  problems: readonly Problem[],
  source: OpenedSource,
  cache: PreparedCache,
  reporter: Reporter,
): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, 5).map(({ path, reason }) => `  ${path}: ${reason}`);
  const more = problems.length > shown.length ? [`  ... and ${problems.length - shown.length} more`] : [];
  const summary = `${problems.length} of ${source.items.length} files cannot be used`;
  if (problems.length === source.items.length) {
    throw new UserError('No file of the source can be used.', {
      where: source.root,
      got: [summary, ...shown, ...more].join('\n  '),
      fix: `Give a folder of good photos. The whole list: ${cache.problemsPath}`,
    });
  }
  reporter.warn([`${summary} (the list: ${cache.problemsPath}):`, ...shown, ...more].join('\n'));
}

function requirePadding(config: RunConfig): void {
  const { padding, size } = config.data.edges;
  if (padding < size) return;
  throw new UserError('The padding for edge detection is too large.', {
    where: 'data.edges.padding',
    expected: `less than data.edges.size (${size}), as the photo is mirrored into it`,
    got: String(padding),
    fix: `Set it to ${Math.floor(size / 2)} or less.`,
  });
}
