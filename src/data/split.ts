/** Training, validation and test samples, told apart by a hash of their ids or groups. */
import { createHash } from 'node:crypto';
import type { RunConfig } from '../config/run-config.ts';
import type { Split } from './types.ts';

/** A number in [0, 1) that depends on the id alone, evenly spread. */
export function idFraction(id: string): number {
  return createHash('sha256').update(id).digest().readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Splits samples: ids whose fraction lies below the test share are test, those in the validation share above it
 * validation, the rest training. Whatever files are added or removed, a sample stays where it is.
 *
 * One exception, for sets so small that a share comes out empty: from three samples on, every split with a share above
 * zero gets at least one sample and training keeps at least one; the samples with the lowest fractions move. With one
 * or two samples all are training.
 *
 * @param groupOf the group of an id: samples of a group are in one split, by the hash of the group, and what is said of
 *   samples here holds for groups. Default: each is its own.
 */
export function splitSamples<T extends { readonly id: string }>(
  samples: readonly T[],
  shares: Pick<RunConfig['data']['split'], 'validation' | 'test'>,
  groupOf: (id: string) => string = (id) => id,
): Record<Split, T[]> {
  const groups = new Set(samples.map(({ id }) => groupOf(id)));
  if (groups.size < 3) return { train: [...samples], validation: [], test: [] };
  const ranked = [...groups]
    .map((group) => ({ group, fraction: idFraction(group) }))
    .sort((a, b) => a.fraction - b.fraction || (a.group < b.group ? -1 : 1));
  const below = (limit: number) => ranked.filter(({ fraction }) => fraction < limit).length;
  const least = (share: number) => (share > 0 ? 1 : 0);
  // Ends of the test and the validation samples in the ranking.
  const testEnd = Math.max(below(shares.test), least(shares.test));
  const validationEnd = Math.max(below(shares.test + shares.validation), testEnd + least(shares.validation));
  const heldOut = Math.min(validationEnd, groups.size - 1);
  const tested = Math.min(testEnd, heldOut - least(shares.validation));
  const between = (from: number, to: number) => new Set(ranked.slice(from, to).map(({ group }) => group));
  const test = between(0, tested);
  const validation = between(tested, heldOut);
  return {
    train: samples.filter(({ id }) => !test.has(groupOf(id)) && !validation.has(groupOf(id))),
    validation: samples.filter(({ id }) => validation.has(groupOf(id))),
    test: samples.filter(({ id }) => test.has(groupOf(id))),
  };
}
