/** Whether a file's tensors are those of a network. */
import { UserError } from '../runtime/errors.ts';
import type { WeightTensor } from '../weights/weight-file.ts';

const SHOWN = 20;

/** What a network is made of. */
export interface Expected {
  /** Key and shape of every weight. */
  readonly entries: Iterable<readonly [string, readonly number[]]>;
  /** Patterns of keys that may be there and are not used. */
  readonly unused: readonly RegExp[];
}

/** What differs, a line each; nothing when all is well. */
export function differences(
  tensors: ReadonlyMap<string, WeightTensor>,
  { entries, unused }: Expected,
): string[] {
  const expected = new Map(entries);
  const lines = [...expected].flatMap(([key, shape]) => {
    const found = tensors.get(key);
    if (!found) return [`missing: ${key} [${shape}]`];
    if (String(found.shape) !== String(shape)) return [`${key}: [${found.shape}] in place of [${shape}]`];
    if (!/float|^F\d/i.test(found.dtype)) return [`${key}: ${found.dtype} numbers in place of floats`];
    return [];
  });
  const others = [...tensors].filter(
    ([key]) => !expected.has(key) && !unused.some((pattern) => pattern.test(key)),
  );
  return [...lines, ...others.map(([key, { shape }]) => `unexpected: ${key} [${shape}]`)];
}

/** Throws a UserError that lists what differs in each network, by where it is from. */
export function requireNoDifferences(byNetwork: ReadonlyMap<string, readonly string[]>): void {
  const lines = [...byNetwork].flatMap(([where, found]) => found.map((line) => `${where}: ${line}`));
  if (lines.length === 0) return;
  const shown = lines.slice(0, SHOWN);
  if (lines.length > SHOWN) shown.push(`and ${lines.length - SHOWN} more`);
  throw new UserError('Weights do not fit the networks that they were taken for.', {
    expected: 'every tensor of the network by its name and shape, and no other',
    got: [`${lines.length} that differ:`, ...shown].join('\n              '),
    fix: 'make sure that the file is whole and holds the state dict of that network unchanged',
  });
}

/** A tensor's elements. Throws a UserError when it is missing or one is not a finite number. */
export function readFinite(
  key: string,
  tensors: ReadonlyMap<string, WeightTensor>,
  where: string,
): Float32Array {
  const values = tensors.get(key)?.read();
  if (values instanceof Float32Array && values.every(Number.isFinite)) return values;
  throw new UserError('Weights are not finite numbers.', {
    where: `${where}: ${key}`,
    got: values ? `${values.find((value) => !Number.isFinite(value))} among them` : 'nothing',
    fix: 'use weights from before the training diverged, or download the file again',
  });
}
