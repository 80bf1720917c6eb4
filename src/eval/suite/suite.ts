/** What an evaluation measures: the keys of a suite with their defaults, bounds and documentation, and how one is read. */
import { z } from 'zod';
import { keyTable, schemaFile } from '../../config/document.ts';
import type { Locate } from '../../config/explain.ts';
import { jsonSchemaOf } from '../../config/json-schema.ts';
import { readYaml } from '../../config/load.ts';
import { holeKinds } from '../../config/run-config.ts';
import { UserError } from '../../runtime/errors.ts';

const share = () => z.number().min(0).max(1);

const sketches = z
  .strictObject({
    degradations: z
      .array(share())
      .min(1)
      .default([0, 0.5, 1])
      .describe('Values of d in [0, 1]: 0 is the true sketch, 1 as rough as the roughest of training.'),
    deformation: share()
      .default(0.078)
      .describe(
        'At d = 1, how far lines are moved at most, as a share of the image’s side (the paper: 20 / 256).',
      ),
    discarded: z
      .int()
      .min(0)
      .max(16)
      .default(2)
      .describe(
        'Boxes in which lines are erased, placed where the hole has lines; at d = 1 they are an eighth to a quarter of the image wide.',
      ),
    dilation: share()
      .default(0)
      .describe(
        'At d = 1, how wide lines are, as a share of the image’s side. 0: they stay one pixel wide, because l widens them anyway.',
      ),
  })
  .prefault({})
  .describe('Sketches: the true ones, and these degraded by d.');

const report = z
  .strictObject({
    samples: z
      .int()
      .min(0)
      .max(500)
      .default(24)
      .describe('Samples shown: the worst, the middle and the best.'),
    megabytes: z
      .number()
      .gt(0)
      .max(500)
      .default(12)
      .describe('The size of all pictures together is at most this: if need be, fewer samples are shown.'),
    sortBy: z
      .string()
      .default('l1')
      .describe('The metric by which samples are sorted, inside the hole where it is measured there.'),
    fidelity: z
      .string()
      .default('sketch-f')
      .describe('The metric on the curve’s horizontal axis: how well the sketch is followed.'),
    realism: z
      .string()
      .default('hed-frechet')
      .describe('The metric on the curve’s vertical axis: how much results look like photos.'),
  })
  .prefault({})
  .describe('What report.html shows.');

export const suiteSchema = z
  .strictObject({
    extends: z
      .string()
      .optional()
      .describe('Another suite (relative to this file) whose values this one overrides.'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/)
      .describe('Part of the name of the results’ folder: lower-case letters, digits and hyphens.'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1)
      .describe('Holes, degradations, the choice of photos and the bootstrap derive from it.'),
    images: z
      .int()
      .min(1)
      .optional()
      .describe('The number of photos, chosen from the split by seed and id. Default: all.'),
    holes: z
      .array(z.enum(holeKinds))
      .min(1)
      .default(['rectangle', 'thin', 'medium', 'thick'])
      .describe('Shapes of holes; every photo gets one of each. In synthesis the whole image is hole.'),
    sketches,
    strokes: z
      .boolean()
      .default(true)
      .describe(
        'Strokes of colour for the methods that take them, drawn from the photo as in training. false: they get none.',
      ),
    l: z
      .array(share())
      .min(1)
      .default([0, 0.5, 1])
      .meta({ description: 'Values of l in [0, 1].', formerly: 'levels' }),
    metrics: z
      .array(z.string())
      .min(1)
      .default(['l1', 'psnr', 'ssim'])
      .describe('What is measured, by name; see docs/metrics.md.'),
    blend: z
      .boolean()
      .default(true)
      .describe('Results are measured with the photo’s own pixels outside the hole, as they are used.'),
    holeSizes: z
      .array(share())
      .min(2)
      .default([0, 0.1, 0.2, 0.3, 0.4, 0.5, 1])
      .describe('Bounds of the classes of hole size, as shares of the image, rising.'),
    bootstrap: z
      .strictObject({
        resamples: z.int().min(100).max(100_000).default(1000).describe('The number of resamples.'),
        confidence: z
          .number()
          .gt(0)
          .lt(1)
          .default(0.95)
          .describe('The share of resamples that an interval covers.'),
      })
      .prefault({})
      .describe('Intervals: percentiles over resamples of the photos, each with all its holes.'),
    report,
  })
  .describe('An evaluation suite.');

/** What an evaluation measures: photos, holes, sketches, values of l, and metrics. */
export type Suite = z.output<typeof suiteSchema>;

export const suiteJsonSchema = jsonSchemaOf(suiteSchema);

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
  requireUniqueValues(suite, locate);
  requireRisingSizes(suite, locate);
  return suite;
}

function requireUniqueValues({ holes, l, metrics, sketches: { degradations } }: Suite, locate: Locate): void {
  const lists: [key: string, list: readonly (string | number)[]][] = [
    ['holes', holes],
    ['l', l],
    ['metrics', metrics],
    ['sketches.degradations', degradations],
  ];
  for (const [key, list] of lists) {
    const twice = list.find((value, i) => list.indexOf(value) < i);
    if (twice === undefined) continue;
    throw new UserError('A suite lists a value twice.', {
      where: locate(key.split('.')),
      got: String(twice),
    });
  }
}

function requireRisingSizes({ holeSizes }: Suite, locate: Locate): void {
  if (holeSizes.every((bound, i) => i === 0 || bound > holeSizes[i - 1])) return;
  throw new UserError('The bounds of hole sizes do not rise.', {
    where: locate(['holeSizes']),
    expected: 'shares of the image such as [0, 0.1, 0.2, 0.5, 1]',
    got: JSON.stringify(holeSizes),
  });
}

/** The files that are made from the schema, as texts by path: one for editors, one for readers. */
export function suiteReferences(): Record<string, string> {
  const page = [
    '# Evaluation suites',
    '',
    'The keys of `configs/eval/*.yaml`; [evaluation.md](evaluation.md) says what they are for. `extends: other.yaml` starts from',
    'another suite; `--set KEY=VALUE` changes single keys, for example `--set images=8 --set report.samples=0`.',
    'Made from `src/eval/suite/suite.ts` by `npm run config-reference`.',
    '',
    ...keyTable(suiteJsonSchema),
    '',
  ];
  return {
    'configs/eval/schema.json': schemaFile(suiteJsonSchema),
    'docs/evaluation-suites.md': page.join('\n'),
  };
}
