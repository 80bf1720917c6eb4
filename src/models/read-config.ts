/** Reads configurations of the methods that there are, and checks what must fit together. */
import { existsSync, statSync } from 'node:fs';
import { explain, type Locate } from '../config/explain.ts';
import { readYaml } from '../config/load.ts';
import { configuredSources, type RunConfig } from '../config/run-config.ts';
import type { NeededWeights } from '../core/define-method.ts';
import { missingShards, shardsAreMissing } from '../data/shards.ts';
import { UserError } from '../runtime/errors.ts';
import { explainSystemError } from '../runtime/system-errors.ts';
import { configSchemas, definitionOf } from './registry.ts';

export interface LoadedConfig {
  readonly config: RunConfig;
  /** Things that are allowed but seldom meant; for the user. */
  readonly warnings: readonly string[];
  /** Where a key was written, for messages about it: `configs/a.yaml:3: data.ahead`. */
  readonly locate: Locate;
}

/**
 * Reads a config file, the files that it extends and `--set KEY=VALUE` options, and fills in the defaults. Throws
 * one UserError that lists every mistake with its file, line and key. Files that the config names are not looked at.
 *
 * @param source the file's path, or what it would hold.
 */
export function readConfig(source: string | object, sets: readonly string[] = []): LoadedConfig {
  const { zod: schema, json } = configSchemas();
  const { values: config, locate } = readYaml(source, sets, { schema, json });
  return { config, warnings: checkConfig(config, locate), locate };
}

/**
 * As {@link readConfig}; throws as well when the data set or weights that the config names are absent.
 *
 * @param begun a checkpoint holds the weights already, and those to begin with are not needed.
 */
export function loadConfig(
  source: string | object,
  sets: readonly string[] = [],
  begun = false,
): LoadedConfig {
  const loaded = readConfig(source, sets);
  const [missing] = missingInputs(loaded.config, loaded.locate, begun);
  if (missing) throw missing;
  return loaded;
}

/**
 * The configuration that a checkpoint's manifest holds.
 *
 * @param where the manifest's path, for messages.
 * @throws UserError when this program does not understand it.
 */
export function storedConfig(config: unknown, where: string): RunConfig {
  const { zod, json } = configSchemas();
  const parsed = zod.safeParse(config);
  if (parsed.success) return parsed.data;
  const locate: Locate = (path) => `${where}: config.${path.map(String).join('.')}`;
  throw explain(parsed.error.issues, config, locate, json);
}

/** Throws a UserError when values contradict each other. Returns warnings about what is allowed but seldom meant. */
export function checkConfig(config: RunConfig, locate: Locate): string[] {
  const { validation, test } = config.data.split;
  if (validation + test >= 1) {
    throw new UserError('Nothing is left to train on.', {
      where: locate(['data', 'split']),
      expected: 'shares of validation and test that add up to less than 1',
      got: `${validation} + ${test}`,
    });
  }
  if (config.training.earlyStopping && (validation === 0 || config.output.validationCount === 0)) {
    throw new UserError('Early stopping has nothing to measure.', {
      where: locate(['training', 'earlyStopping']),
      expected: 'validation samples: data.split.validation and output.validationCount above 0',
      got: `${validation} and ${config.output.validationCount}`,
    });
  }
  requireNamesOfTheirOwn(config, locate);
  requirePattern(config, locate);
  return definitionOf(config).check?.(config, locate) ?? [];
}

/** Ids of samples begin with their source's name, and must be unique. */
function requireNamesOfTheirOwn({ data }: RunConfig, locate: Locate): void {
  const seen = new Set<string>();
  for (const { source, path } of configuredSources(data)) {
    if (!('name' in source)) continue;
    if (seen.has(source.name)) {
      throw new UserError('Two sources have the same name.', {
        where: locate([...path, 'name']),
        expected: 'a name of its own for each source, by default its kind',
        got: `${source.name} a second time`,
        fix: `set ${path.join('.')}.name; ids of samples begin with it, so keep it once a run has trained on them`,
      });
    }
    seen.add(source.name);
  }
}

function requirePattern({ data }: RunConfig, locate: Locate): void {
  const { groups } = data.split;
  if (!groups || !('pattern' in groups)) return;
  const refuse = (got: string) =>
    new UserError('The pattern of groups cannot be used.', {
      where: locate(['data', 'split', 'groups', 'pattern']),
      expected: 'a regular expression with one pair of parentheses, around what names the group',
      got,
    });
  let count: number;
  try {
    // With an empty alternative it matches anything, and the match has a place for each pair of parentheses.
    count = (new RegExp(`${groups.pattern}|`, 'u').exec('')?.length ?? 1) - 1;
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (count !== 1) throw refuse(`${groups.pattern}, which has ${count}`);
}

/** What the configuration needs of the disk and does not find, each with what to do about it. */
export function missingInputs(config: RunConfig, locate: Locate, begun = false): UserError[] {
  const missing: UserError[] = [];
  for (const { source, path } of configuredSources(config.data)) {
    if (source.kind === 'faces') continue;
    const where = locate([...path, 'path']);
    if (source.kind === 'tar') {
      const gone = missingShards(source.path);
      if (gone.length > 0) missing.push(shardsAreMissing(source.path, gone, where));
      continue;
    }
    if (isFolder(source.path)) continue;
    const key = path.join('.');
    missing.push(
      new UserError('The data set is not there.', {
        where,
        expected: `a folder of images (kind: ${source.kind})`,
        got: lack(source.path, 'folder'),
        fix: `give its place with --set ${key}.path=FOLDER, or use the built-in faces: --set ${key}.kind=faces`,
      }),
    );
  }
  const { groups } = config.data.split;
  if (groups && 'file' in groups && !isFile(groups.file)) {
    missing.push(
      new UserError('The file of groups is not there.', {
        where: locate(['data', 'split', 'groups', 'file']),
        expected: 'a CSV file with the columns `id` (or `file`) and `group`',
        got: lack(groups.file, 'file'),
      }),
    );
  }
  const weights = neededWeights(config);
  missing.push(...weights.filter((file) => !isThere(file)).map((file) => missingWeights(file, locate)));
  const { initialWeights } = config.training;
  if (!begun && initialWeights !== undefined && !existsSync(initialWeights)) {
    missing.push(
      new UserError('The weights to begin with are not there.', {
        where: locate(['training', 'initialWeights']),
        expected: 'a run’s folder, one of its checkpoints/step-N, or a checkpoint made by `npm run import`',
        got: `${initialWeights} does not exist`,
      }),
    );
  }
  return missing;
}

/** The files of weights that training by a configuration needs. */
export const neededWeights = (config: RunConfig): NeededWeights[] =>
  definitionOf(config).weightFiles?.(config) ?? [];

export const isThere = ({ path }: NeededWeights): boolean => path !== undefined && isFile(path);

/** What to tell a user whose file of weights is not there. */
export function missingWeights(
  { label, key, path, expected, fix }: NeededWeights,
  locate: Locate,
): UserError {
  return new UserError(`${label} are not there.`, {
    where: locate([...key, path ? 'weights' : 'network']),
    expected,
    got: path ? lack(path, 'file') : `no ${key.join('.')}.weights`,
    fix,
  });
}

/** What is wrong with a path at which a file or a folder should be. */
function lack(path: string, kind: 'file' | 'folder'): string {
  try {
    statSync(path);
    return `${path} is no ${kind}`;
  } catch (error) {
    const { got = '' } = explainSystemError(error)?.details ?? {};
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? `${path} does not exist` : `${path}: ${got}`;
  }
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
