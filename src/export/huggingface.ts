/** An export as the Hugging Face Hub expects a model: a card with metadata, `config.json`, safetensors, and ONNX in `onnx/`. */
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { UserError } from '../runtime/errors.ts';
import { readText, writeFileAtomically } from '../runtime/files.ts';
import { imagesOf } from './model-card.ts';
import { shippedOrigin } from './pretrained.ts';
import { readStatements, statementSections } from './pretrained-card.ts';
import { type ExportReport, type Origin, PRODUCER } from './report.ts';
import { type ExportOptions, exportModel } from './run.ts';

/** What is exported for the hub. The formats are ONNX and safetensors. */
export interface HuggingFaceOptions extends Omit<ExportOptions, 'formats' | 'network'> {
  /** The weights' licence by the hub's identifier, such as `mit` or `cc-by-nc-4.0`. Default: `unknown`. */
  readonly license?: string | undefined;
  /** A Markdown file with what only those who publish the model know. Default: the card says what is not stated. */
  readonly card?: string | undefined;
  /** The `metrics.json` of an evaluation of this checkpoint. Default: the metrics that the checkpoint holds. */
  readonly evaluation?: string | undefined;
}

/** What is read of an evaluation's `metrics.json`. */
const evaluationSchema = z.object({
  set: z.object({ suite: z.string(), split: z.string() }),
  methods: z.array(z.object({ label: z.string(), checkpoint: z.object({ sha256: z.string() }).optional() })),
  rows: z.array(
    z.object({
      method: z.string(),
      d: z.number().nullable(),
      l: z.number().nullable(),
      hole: z.string().nullable(),
      size: z.array(z.number()).nullable(),
      source: z.string().nullable(),
      metric: z.string(),
      region: z.string(),
      mean: z.number(),
    }),
  ),
});
type Evaluation = z.output<typeof evaluationSchema>;

/** Measured values by `METRIC/REGION`, and on what. */
interface Measured {
  readonly on: string;
  readonly split: string;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * Exports into a new folder that can be pushed to the hub. Paths in the configuration that lead out of the folder where training was
 * started are shortened to their last part.
 *
 * @returns what `export.json` holds.
 * @throws UserError as {@link exportModel}, and when the card's text or the evaluation cannot be used.
 */
export async function exportHuggingFace(options: HuggingFaceOptions): Promise<ExportReport> {
  const { license = 'unknown', card, evaluation, ...rest } = options;
  const statements = card === undefined ? {} : await readStatements(card);
  const evaluated = evaluation === undefined ? undefined : await readEvaluation(evaluation);
  const name = basename(resolve(options.out));
  let measured: readonly Measured[] = [];
  return exportModel(
    { ...rest, formats: ['onnx', 'safetensors'] },
    {
      origin: async (loaded) => {
        const origin = await shippedOrigin(loaded, name);
        measured = evaluated ? measuredBy(evaluated, origin, `${evaluation}`) : measuredInTraining(origin);
        return origin;
      },
      async finish(folder, { origin }, text) {
        const config = { model_type: origin.config.method, library_name: PRODUCER.name, ...origin.config };
        await writeFileAtomically(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
        const head = stringify(metadata(origin, license, measured));
        const told = statementSections(statements).join('\n\n');
        await writeFileAtomically(join(folder, 'README.md'), `---\n${head}---\n\n${text}\n${told}\n`);
      },
    },
  );
}

/** The card's front matter, by the hub's keys. */
function metadata({ config }: Origin, license: string, measured: readonly Measured[]): object {
  const edits = config.task === 'edit' ? ['inpainting', 'image-editing'] : ['sketch-to-image'];
  const results = measured.map(({ on, split, values }) => ({
    task: { type: 'image-to-image', name: on },
    dataset: { type: 'own', name: imagesOf(config), split },
    metrics: Object.entries(values).map(([key, value]) => {
      const [type, region] = key.split('/');
      return { type, name: `${type}, ${region}`, value };
    }),
  }));
  return {
    license,
    library_name: PRODUCER.name,
    pipeline_tag: 'image-to-image',
    tags: [...edits, 'face', 'sketch', config.method, 'onnx', 'safetensors'],
    ...(results.length > 0 && { 'model-index': [{ name: config.name, results }] }),
  };
}

function measuredInTraining({ metrics }: Origin): Measured[] {
  if (Object.keys(metrics).length === 0) return [];
  return [{ on: 'held-out samples while it trained, l = 0.5', split: 'validation', values: metrics }];
}

/** The means over all holes and photos at the least degraded sketches, by l. */
function measuredBy({ set, methods, rows }: Evaluation, { sha256 }: Origin, file: string): Measured[] {
  const label = methods.find(({ checkpoint }) => checkpoint?.sha256 === sha256)?.label;
  if (label === undefined)
    throw new UserError('The evaluation is not of this checkpoint.', {
      where: `--evaluation ${file}`,
      expected: `a checkpoint whose manifest has the SHA-256 ${sha256}`,
      got: methods.map((one) => one.label).join(', '),
      fix: 'evaluate the same checkpoint, or name it with --checkpoint',
    });
  const means = rows.filter(
    ({ method, hole, size, source }) => method === label && hole === null && size === null && source === null,
  );
  const least = Math.min(...means.map(({ d }) => d ?? 0));
  const best = means.filter(({ d }) => (d ?? 0) === least);
  return [...new Set(best.map(({ l }) => l))].map((l) => {
    const own = best.filter((row) => row.l === l);
    const at = [...(own[0].d === null ? [] : [`d = ${least}`]), ...(l === null ? [] : [`l = ${l}`])];
    return {
      on: [`suite ${set.suite}`, ...at].join(', '),
      split: set.split,
      values: Object.fromEntries(own.map(({ metric, region, mean }) => [`${metric}/${region}`, mean])),
    };
  });
}

async function readEvaluation(path: string): Promise<Evaluation> {
  try {
    return evaluationSchema.parse(JSON.parse(await readText(path)));
  } catch (error) {
    throw new UserError('The evaluation cannot be read.', {
      where: `--evaluation ${path}`,
      expected: 'the metrics.json of `npm run evaluate`',
      got: error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : (error as Error).message,
    });
  }
}
