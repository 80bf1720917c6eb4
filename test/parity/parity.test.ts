import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type FixtureCase, openFixtures } from '../../src/parity/fixtures.ts';
import { checkCase } from '../../src/parity/run.ts';

const committed = fileURLToPath(new URL('fixtures', import.meta.url));
const shared = fileURLToPath(new URL('../../../shared/reference/fixtures/public', import.meta.url));

const failuresOf = async (fixture: FixtureCase) => {
  const { failures, error } = await checkCase(fixture);
  return error ?? failures.map(({ name, maxError }) => `${name}: error ${maxError}`);
};

describe('parity with the original, committed cases', () => {
  it.each([...openFixtures(committed)].map((fixture) => [fixture.id, fixture] as const))(
    '%s',
    async (_, fixture) => {
      expect(await failuresOf(fixture)).toEqual([]);
    },
  );

  it('notices a wrong number', async () => {
    const fixture = [...openFixtures(committed)].find(({ id }) => id === 'dilate_9')!;
    fixture.options.max_dilate -= 4;
    expect(await failuresOf(fixture)).not.toEqual([]);
  });
});

describe.skipIf(!existsSync(shared))(
  'parity with the original, all cases (skipped: no ../shared/reference beside the project)',
  () => {
    it('every case passes', async () => {
      const failed: unknown[] = [];
      let count = 0;
      for (const fixture of openFixtures(shared)) {
        const failures = await failuresOf(fixture);
        if (failures.length > 0) failed.push([fixture.id, failures]);
        count += 1;
      }
      expect(failed).toEqual([]);
      expect(count).toBeGreaterThan(40);
    }, 600_000);
  },
);
