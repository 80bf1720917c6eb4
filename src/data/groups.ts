/** Which samples belong together, so that one person is in one split only: `data.split.groups`. */
import type { RunConfig } from '../config/run-config.ts';
import { UserError } from '../runtime/errors.ts';
import { readText } from '../runtime/files.ts';
import type { Split } from './types.ts';

export type GroupSettings = NonNullable<RunConfig['data']['split']['groups']>;

const KEY = 'data.split.groups';

/**
 * The group of each sample by its id.
 *
 * @throws UserError when the file cannot be used, or names no group of a sample, or the pattern does not match one, unless
 *   such samples are to stand alone.
 */
export async function groupSamples(
  ids: readonly string[],
  settings: GroupSettings,
): Promise<ReadonlyMap<string, string>> {
  const inFile = 'file' in settings ? await readGroups(settings.file, settings.column) : undefined;
  const pattern = 'pattern' in settings ? new RegExp(settings.pattern, 'u') : undefined;
  const groups = new Map<string, string>();
  const others: string[] = [];
  for (const id of ids) {
    const group = inFile ? inFile.get(id) : pattern?.exec(id)?.[1];
    if (!group) others.push(id);
    groups.set(id, group || id);
  }
  if (others.length === 0 || settings.others === 'alone') return groups;
  const some = [...others.slice(0, 5), ...(others.length > 5 ? ['...'] : [])].join(', ');
  const alone = `or let these stand alone: --set ${KEY}.others=alone`;
  if ('file' in settings) {
    throw new UserError('Samples are missing in the file of groups.', {
      where: `${KEY}.file: ${settings.file}`,
      expected: `the group of every sample in the column \`${settings.column}\``,
      got: `none for ${others.length} of ${ids.length} samples: ${some}`,
      fix: `add them (ids are paths below the source’s folder), ${alone}`,
    });
  }
  throw new UserError('The pattern of groups does not match every sample.', {
    where: `${KEY}.pattern: ${settings.pattern}`,
    expected: 'a match on the id of every sample, its group in the parentheses',
    got: `none on ${others.length} of ${ids.length} ids: ${some}`,
    fix: `correct the pattern, ${alone}`,
  });
}

/** Throws a UserError when groups are so few that a split that is wanted is empty. */
export function requireEverySplit(
  samples: Readonly<Record<Split, readonly { readonly id: string }[]>>,
  shares: RunConfig['data']['split'],
  groups: ReadonlyMap<string, string>,
): void {
  const empty = (['train', 'validation', 'test'] as const).filter(
    (split) => samples[split].length === 0 && (split === 'train' || shares[split] > 0),
  );
  if (empty.length === 0) return;
  const sizes = new Map<string, number>();
  for (const group of groups.values()) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const [[largest, size]] = [...sizes].sort(([, a], [, b]) => b - a);
  throw new UserError('The groups are too large: a split is left without samples.', {
    where: KEY,
    expected: 'at least three groups, as a group is in one split only',
    got: `${sizes.size}, the largest, ${largest}, with ${size} of ${groups.size} samples; empty: ${empty.join(', ')}`,
    fix: `correct ${KEY}, or set data.split.validation and data.split.test to 0`,
  });
}

/** Groups by id, from a CSV file with a header. @param column of the groups; ids are in the column `id` or `file`. */
async function readGroups(path: string, column: string): Promise<Map<string, string>> {
  const refuse = (expected: string, got: string) =>
    new UserError('The file of groups cannot be used.', { where: `${KEY}.file: ${path}`, expected, got });
  const expected = 'a CSV file, with names of columns in its first line';
  const text = await readText(path).catch((error: Error) => {
    throw refuse(expected, error.message);
  });
  const [columns = [], ...rows] = parseCsv(text, (got) => refuse(expected, got));
  const ids = columns.indexOf(columns.includes('id') ? 'id' : 'file');
  const groupColumn = columns.indexOf(column);
  if (ids < 0 || groupColumn < 0)
    throw refuse(`the columns \`id\` (or \`file\`) and \`${column}\``, columns.join(', ') || 'an empty file');
  const groups = new Map<string, string>();
  for (const [i, row] of rows.entries()) {
    if (row.length !== columns.length)
      throw refuse(
        `${columns.length} columns in every row`,
        `${row.length} in row ${i + 2}: ${row.join(', ')}`,
      );
    const [id, group] = [row[ids], row[groupColumn]];
    const before = groups.get(id);
    if (before !== undefined && before !== group)
      throw refuse('one group for each id', `${id} in ${before} and in ${group}`);
    groups.set(id, group);
  }
  return groups;
}

/** The rows of a CSV file (RFC 4180), empty ones left out, spaces around what is not quoted as well. */
function parseCsv(text: string, refuse: (got: string) => UserError): string[][] {
  // A field, in quotes or not, and what ends it.
  const field = /(?: *"((?:[^"]|"")*)" *|([^",\r\n]*))(,|\r?\n|$)/y;
  field.lastIndex = text.startsWith('\ufeff') ? 1 : 0;
  const rows: string[][] = [];
  let row: string[] = [];
  while (field.lastIndex < text.length) {
    const begin = field.lastIndex;
    const found = field.exec(text);
    if (!found)
      throw refuse(`a quote out of place in row ${rows.length + 1}: ${text.slice(begin, begin + 40)}`);
    const [, quoted, plain, end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? plain.trim());
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push([...row, '']);
  return rows.filter((fields) => fields.some((value) => value !== ''));
}
