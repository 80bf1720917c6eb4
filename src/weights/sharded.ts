/** Weights in several files that belong together, as Hugging Face's libraries write large ones. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../runtime/errors.ts';
import { nameFile } from '../runtime/files.ts';

const PART = /^(.*)-(\d{5})-of-(\d{5})(\.\w+)$/;

/**
 * The files of the set that a path means: all those that an index (`model.safetensors.index.json`) names, or all parts of one
 * that is named (`model-00001-of-00003.safetensors`). Undefined where the path is no part of a set.
 *
 * @throws UserError when the index is damaged, or a part is not there.
 */
export function filesOfSet(path: string): string[] | undefined {
  const folder = dirname(path);
  const files = path.endsWith('.index.json') ? filesOfIndex(path) : partsBeside(path);
  if (!files) return undefined;
  const paths = files.map((file) => join(folder, file));
  const missing = files.filter((_, i) => !existsSync(paths[i]));
  if (missing.length === 0) return paths;
  throw new UserError('A file of weights is one part of a set, and other parts are missing.', {
    where: path,
    expected: `${files.length} files in one folder`,
    got: `${missing.length} that are not there: ${missing.slice(0, 3).join(', ')}`,
    fix: `put them into ${folder}`,
  });
}

function partsBeside(path: string): string[] | undefined {
  const [, name, , count, ending] = PART.exec(basename(path)) ?? [];
  if (count === undefined || Number(count) < 2) return undefined;
  const number = (part: number) => String(part).padStart(5, '0');
  return Array.from({ length: Number(count) }, (_, i) => `${name}-${number(i + 1)}-of-${count}${ending}`);
}

function filesOfIndex(path: string): string[] | undefined {
  if (!existsSync(path)) return undefined;
  const text = textOf(path);
  try {
    const { weight_map: places } = JSON.parse(text);
    const files = [...new Set(Object.values(places as Record<string, string>))];
    if (files.length > 0 && files.every(isFileName)) return files;
  } catch {
    // As an index of another form.
  }
  throw new UserError('An index of weight files cannot be used.', {
    where: path,
    expected: 'JSON whose `weight_map` says which file beside it holds each tensor',
    got: 'something else',
    fix: 'download it again, or name the files of weights',
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw nameFile(error, path);
  }
}

/** A name with an ending: of no folder, neither this one nor the one above it. */
const isFileName = (value: unknown): boolean => typeof value === 'string' && /^[^/\\]+\.\w+$/.test(value);
