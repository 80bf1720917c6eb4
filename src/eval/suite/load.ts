/** Reads suites, as configurations are read. */
import { readYaml } from '../../config/load.ts';
import { UserError } from '../../runtime/errors.ts';
import { type Suite, suiteJsonSchema, suiteSchema } from './schema.ts';

/**
 * Reads a suite's file, those that it extends and `--set KEY=VALUE` options, and fills in the defaults.
 *
 * @throws UserError that lists every mistake with its file, line and key.
 */
export function readSuite(path: string, sets: readonly string[] = []): Suite {
  const { values: suite, locate } = readYaml(path, sets, {
    schema: suiteSchema,
    json: suiteJsonSchema,
    flag: '--suite',
  });
  const lists = {
    holes: suite.holes,
    levels: suite.levels,
    metrics: suite.metrics,
    'sketches.degradations': suite.sketches.degradations,
  };
  for (const [key, list] of Object.entries(lists)) {
    const twice = list.find((value, i) => (list as unknown[]).indexOf(value) < i);
    if (twice === undefined) continue;
    throw new UserError('A suite lists a value twice.', {
      where: locate(key.split('.')),
      got: String(twice),
    });
  }
  if (suite.holeSizes.some((bound, i) => i > 0 && bound <= suite.holeSizes[i - 1])) {
    throw new UserError('The bounds of hole sizes do not rise.', {
      where: locate(['holeSizes']),
      expected: 'shares of the image such as [0, 0.1, 0.2, 0.5, 1]',
      got: JSON.stringify(suite.holeSizes),
    });
  }
  return suite;
}
