import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { baselineFixtures, deepPsFixtures } from '../reference.ts';
import { type FixtureCase, openFixtures } from './fixtures.ts';
import { checkCase } from './run.ts';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const committed = folder('fixtures');
const committedBaselines = folder('fixtures-baselines');

const failuresOf = async (fixture: FixtureCase) => {
  const { failures, error } = await checkCase(fixture);
  return error ?? failures.map(({ name, maxError }) => `${name}: error ${maxError}`);
};

/** Results that a case holds and that nothing was compared with. */
const leftOutOf = async (fixture: FixtureCase) => {
  const { compared } = await checkCase(fixture);
  const results = fixture.names('').filter((name) => /^(out|grad|after|after_G_step)\//.test(name));
  return results.filter(
    (name) => !compared.includes(name.replace(/_s2$/, '')) && !knownToBeLeftOut.test(name),
  );
};

/** Compared as one sum; seen in the gradients of the generator; and counters that nothing here counts. */
const knownToBeLeftOut = /^out\/loss_gan_d_(real|fake)$|^grad\/fake_B_adv|num_batches_tracked$/;

describe('parity with the original, committed cases', () => {
  it.each([...openFixtures(committed)].map((fixture) => [fixture.id, fixture] as const))(
    '%s',
    async (_, fixture) => {
      expect(await failuresOf(fixture)).toEqual([]);
    },
  );

  it.each([...openFixtures(committedBaselines)].map((fixture) => [fixture.id, fixture] as const))(
    'baseline %s',
    async (_, fixture) => {
      expect(await failuresOf(fixture)).toEqual([]);
      expect(await leftOutOf(fixture)).toEqual([]);
    },
  );

  it('notices a wrong number', async () => {
    const fixture = [...openFixtures(committed)].find(({ id }) => id === 'dilate_9')!;
    fixture.options.max_dilate -= 4;
    expect(await failuresOf(fixture)).not.toEqual([]);
  });
});

describe.each([
  ['Deep Plastic Surgery', deepPsFixtures, 40],
  ['the baselines', baselineFixtures, 43],
])('all cases of %s', (_, { path, reason }, least) => {
  it.skipIf(reason)(`pass${reason}`, async () => {
    const failed: unknown[] = [];
    let count = 0;
    for (const fixture of openFixtures(path)) {
      const failures = await failuresOf(fixture);
      if (failures.length > 0) failed.push([fixture.id, failures]);
      count += 1;
    }
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(least);
  });
});
