/**
 * Deep Plastic Surgery as a library: what the commands do, as functions that return their results and print nothing.
 * Importing this file is quick, because TensorFlow is loaded by the first function that computes.
 */

import type { MethodDefinition } from './core/define-method.ts';
import type { Metric, MetricContext } from './eval/metrics/metric.ts';
import type { EvaluateRunOptions, EvaluateRunResult } from './eval/run.ts';
import type { HuggingFaceOptions } from './export/huggingface.ts';
import type { PretrainedOptions } from './export/pretrained.ts';
import type { Proof } from './export/proof.ts';
import type { ExportReport } from './export/report.ts';
import type { ExportOptions } from './export/run.ts';
import type { Imported, ImportOptions } from './import/import.ts';
import type { InferPhotosOptions } from './infer/run.ts';
import type { LoadedMethod } from './models/load.ts';
import type { StudyOptions, StudyResult } from './study/run.ts';
import type { PlannedRun, TrainRunOptions, TrainRunResult } from './train/run.ts';

// Runs.
export type { RunConfig } from './config/run-config.ts';
// A method of one's own; docs/adding-a-method.md makes one.
export { defineMethod, type MethodDefinition, type NeededWeights } from './core/define-method.ts';
export type {
  Method,
  Prediction,
  Predictor,
  PredictorInput,
  Scalars,
  StagePlan,
  StepInputs,
  StepScalars,
  Trainable,
} from './core/method.ts';
export type { NetworkDescription, Port } from './core/ports.ts';
export type { RunFolder } from './core/run-folder.ts';
// A data source of one's own, which data/sources.ts opens.
export type {
  Batch,
  ImageFile,
  OpenedSource,
  PreparedData,
  PreparedSample,
  SourceForm,
  SourceItem,
  TarPart,
} from './data/types.ts';
export type { HeldOutTable } from './eval/held-out-table.ts';
// A metric of one's own.
export type {
  Metric,
  MetricBatch,
  MetricContext,
  Region,
  SampleMetric,
  SetMetric,
  SetStatistics,
} from './eval/metrics/metric.ts';
// Evaluations.
export type { Report } from './eval/report/report.ts';
export type { EvaluateRunOptions, EvaluateRunResult } from './eval/run.ts';
export { readSuite, type Suite } from './eval/suite/suite.ts';
// Use, export and import.
export type { HuggingFaceOptions } from './export/huggingface.ts';
export type { PretrainedOptions } from './export/pretrained.ts';
export type { Difference, Proof } from './export/proof.ts';
export type { ExportReport } from './export/report.ts';
export type { ExportFormat, ExportOptions } from './export/run.ts';
export type { ImportedCheckpoint } from './import/checkpoint.ts';
export type { Imported, ImportOptions } from './import/import.ts';
export type { InferPhotosOptions } from './infer/run.ts';
// A loss of one's own, which is a function that a method's step calls.
export type { GanLoss } from './losses/adversarial.ts';
export type { LoadedMethod } from './models/load.ts';
export { UserError, type UserErrorDetails } from './runtime/errors.ts';
export { type Reporter, silent, type Task } from './runtime/progress.ts';
// Studies.
export type { Claim, Question, Verdict } from './study/compare.ts';
export type { StudyOptions, StudyResult } from './study/run.ts';
export type { TrainingEnd } from './train/loop.ts';
export type { Plan, PlannedStage } from './train/plan.ts';
export type { PlannedRun, TrainRunOptions, TrainRunResult } from './train/run.ts';

/**
 * Trains until the plan's end, `maxSteps` or the signal, whichever comes first. Everything that it makes is in the run's
 * folder; an error leaves the run as it was at its last checkpoint, from which `resume` goes on.
 *
 * ```ts
 * import { trainRun } from './src/index.ts';
 *
 * const stopped = await trainRun({ config: 'configs/smoke.yaml', sets: ['name=example'], maxSteps: 3 });
 * console.log(`${stopped.end.step} of ${stopped.plan.steps} steps: ${stopped.end.checkpoint}`);
 * const { run, table } = await trainRun({ resume: stopped.run.path });
 * console.log(run.path, table?.rows);
 * ```
 *
 * @throws UserError when the configuration, the data or the run to go on with cannot be used, another process trains the
 *   run, there is too little memory, too many steps gave numbers that are not finite, or the disk refuses checkpoints.
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainRunResult> {
  const { trainRun } = await import('./train/run.ts');
  return trainRun(options);
}

/**
 * What {@link trainRun} would do in a new run, without preparing or writing anything.
 *
 * ```ts
 * import { planRun } from './src/index.ts';
 *
 * const data = { source: { kind: 'faces', count: 100 } };
 * const { config, plan } = await planRun({ config: { method: 'pix2pix', resolution: 64, model: { depth: 6 }, data } });
 * console.log(config.seed, plan.stages.map(({ stage, steps }) => `${stage.name}: ${steps} steps`));
 * ```
 *
 * @throws UserError when the configuration or its data cannot be used.
 */
export async function planRun(
  options: Pick<TrainRunOptions, 'sets' | 'reporter'> & { readonly config: string | object },
): Promise<PlannedRun> {
  const { planRun } = await import('./train/run.ts');
  return planRun(options);
}

/**
 * Measures checkpoints side by side, and writes a report of four files.
 *
 * ```ts
 * import { evaluateRun, readSuite } from './src/index.ts';
 *
 * const suite = readSuite('configs/eval/quick.yaml', ['images=2', 'l=[0.5]', 'metrics=[l1, psnr]']);
 * const { report, files } = await evaluateRun({ checkpoints: ['runs/00001-example'], suite });
 * console.log(files, report.rows.length);
 * ```
 *
 * @throws UserError when a checkpoint cannot be used or compared with the first one, a metric is unknown or lacks its
 *   weights, the split has no photos, or the folder cannot be written. All this is told before anything is measured.
 */
export async function evaluateRun(options: EvaluateRunOptions): Promise<EvaluateRunResult> {
  const { evaluateRun } = await import('./eval/run.ts');
  return evaluateRun(options);
}

/**
 * Trains methods for the same time on the same samples and compares them by how rough sketches are, and by l. What is in
 * its folder already is not done again.
 *
 * ```ts
 * import { runStudy } from './src/index.ts';
 *
 * const { questions, files } = await runStudy({ study: 'configs/study/smoke.yaml', out: 'study' });
 * for (const { question, claims } of questions) console.log(question, claims.map(({ verdict }) => verdict));
 * console.log(files);
 * ```
 *
 * @throws UserError when the study, a configuration or the suite cannot be used, methods do not compare, or a run in the
 *   folder was begun with another configuration or budget. All this is told before anything is trained.
 */
export async function runStudy(options: StudyOptions): Promise<StudyResult> {
  const { runStudy } = await import('./study/run.ts');
  return runStudy(options);
}

/**
 * Fills the holes of photos by sketches, or draws faces from sketches alone, as the checkpoint was trained to.
 *
 * ```ts
 * import { inferPhotos } from './src/index.ts';
 *
 * const files = await inferPhotos({
 *   checkpoint: 'runs/00001-example',
 *   image: 'photo.png',
 *   mask: 'mask.png',
 *   sketch: 'sketch.png',
 *   ls: [0, 0.5, 1],
 *   out: 'results',
 * });
 * console.log(files);
 * ```
 *
 * @returns the paths of the pictures; after an abort of those that were made until then.
 * @throws UserError when the checkpoint cannot be used, files are missing, and, after all others, when one could not be used.
 */
export async function inferPhotos(options: InferPhotosOptions): Promise<string[]> {
  const { inferPhotos } = await import('./infer/run.ts');
  return inferPhotos(options);
}

/**
 * Writes a checkpoint in the formats of other programs, and proves each file equal to its source.
 *
 * ```ts
 * import { exportModel } from './src/index.ts';
 *
 * const { files } = await exportModel({ checkpoint: 'runs/00001-example', out: 'exports/example', formats: ['onnx'] });
 * console.log(Object.keys(files));
 * ```
 *
 * @throws UserError when the folder exists, there is no checkpoint, a network is unknown or untrained, or a file is not
 *   equal to its source; the signal's reason when it was aborted. Nothing is left then.
 */
export async function exportModel(options: ExportOptions): Promise<ExportReport> {
  const { exportModel } = await import('./export/run.ts');
  return exportModel(options);
}

/**
 * Makes the folder of a model that ships: the networks that predict, in half precision, and a model card. Proves that it
 * predicts as the checkpoint does.
 *
 * ```ts
 * import { exportPretrained } from './src/index.ts';
 *
 * const { outputs } = await exportPretrained({ checkpoint: 'runs/00001-example', out: 'pretrained/example' });
 * console.log(outputs.I_out.max);
 * ```
 *
 * @returns the proof.
 * @throws UserError when the folder exists or has no model's name, the checkpoint cannot predict, the text for the card
 *   cannot be used, or the model is too large or predicts otherwise. Nothing is left then.
 */
export async function exportPretrained(options: PretrainedOptions): Promise<Proof> {
  const { exportPretrained } = await import('./export/pretrained.ts');
  return exportPretrained(options);
}

/**
 * Exports for the Hugging Face Hub: ONNX, safetensors, the configuration, and a card with metadata and measurements.
 *
 * ```ts
 * import { exportHuggingFace } from './src/index.ts';
 *
 * const { files } = await exportHuggingFace({ checkpoint: 'runs/00001-example', out: 'exports/hub', license: 'mit' });
 * console.log(Object.keys(files));
 * ```
 *
 * @param options which checkpoint, and what its card says.
 * @returns what `export.json` holds.
 * @throws UserError as {@link exportModel}, and when the card's text or the evaluation cannot be used.
 */
export async function exportHuggingFace(options: HuggingFaceOptions): Promise<ExportReport> {
  const { exportHuggingFace } = await import('./export/huggingface.ts');
  return exportHuggingFace(options);
}

/**
 * Imports weights that others trained: networks that a method's authors released together as one checkpoint, or a network
 * that losses or metrics use as one safetensors file.
 *
 * ```ts
 * import { importWeights } from './src/index.ts';
 *
 * const imported = await importWeights({ from: ['vgg.pth'], out: 'weights/lpips-vgg.safetensors' });
 * console.log(imported.kind === 'file' ? imported.use : imported.checkpoint.path);
 * ```
 *
 * @throws UserError when a file cannot be read, its network is not known or does not fit; nothing is left then.
 */
export async function importWeights(options: ImportOptions): Promise<Imported> {
  const { importWeights } = await import('./import/import.ts');
  return importWeights(options);
}

/**
 * A trained method from a run or a checkpoint, to predict with. The caller disposes of it.
 *
 * ```ts
 * import { loadMethod } from './src/index.ts';
 * import { tf } from './src/ops/tf.ts';
 *
 * const { method, config } = await loadMethod('runs/00001-example');
 * const side = config.resolution;
 * const { result } = method.predictor().predict({
 *   image: tf.zeros([1, side, side, 3]),
 *   sketch: tf.ones([1, side, side, 1]),
 *   hole: tf.ones([1, side, side, 1]),
 *   l: 0.5,
 * });
 * console.log(result.shape);
 * method.dispose();
 * ```
 *
 * @param path a run's folder, which stands for its newest checkpoint, a checkpoint's, or the name of a model in `pretrained/`.
 * @throws UserError when there is no checkpoint, or it is damaged or of another version of this program.
 */
export async function loadMethod(path: string): Promise<LoadedMethod> {
  const { loadMethod } = await import('./models/load.ts');
  return loadMethod(path);
}

/**
 * Makes a method that {@link defineMethod} describes known to configurations and checkpoints, under its name.
 *
 * ```ts
 * import { z } from 'zod';
 * import { defineMethod, planRun, registerMethod } from './src/index.ts';
 * import { pix2pixSchema } from './src/models/pix2pix/config.ts';
 * import { createPix2Pix } from './src/models/pix2pix/method.ts';
 *
 * const mine = defineMethod({
 *   name: 'mine',
 *   title: 'pix2pix under a name of my own',
 *   paper: 'none',
 *   schema: pix2pixSchema.extend({ method: z.literal('mine') }),
 *   create: (config) => createPix2Pix({ ...config, method: 'pix2pix' }),
 * });
 * await registerMethod(mine);
 * const { plan } = await planRun({ config: 'configs/smoke-pix2pix.yaml', sets: ['method=mine'] });
 * console.log(plan.parameters);
 * ```
 *
 * @throws Error when there is a method of that name already.
 */
export async function registerMethod(definition: MethodDefinition): Promise<void> {
  const { registerMethod } = await import('./models/registry.ts');
  registerMethod(definition);
}

/**
 * Makes a metric known to suites and to `output.validationMetrics`, under a name.
 *
 * ```ts
 * import { registerMetric, type SampleMetric } from './src/index.ts';
 * import { tf } from './src/ops/tf.ts';
 *
 * const brightness: SampleMetric = {
 *   kind: 'sample',
 *   name: 'brightness',
 *   title: 'Brightness',
 *   unit: '',
 *   better: 'lower',
 *   definition: 'How much brighter the result is than the photo, on the average.',
 *   regions: ['image'],
 *   async measure({ truth, result }) {
 *     const difference = tf.tidy(() => tf.mean(tf.sub(result, truth), [1, 2, 3]));
 *     const values = Float64Array.from(await difference.data());
 *     difference.dispose();
 *     return { image: values };
 *   },
 *   dispose() {},
 * };
 * await registerMetric('brightness', () => brightness);
 * ```
 *
 * @param create makes it ready to measure; it is disposed of afterwards.
 * @throws Error when there is a metric of that name already.
 */
export async function registerMetric(
  name: string,
  create: (context: MetricContext) => Metric | Promise<Metric>,
): Promise<void> {
  const { registerMetric } = await import('./eval/metrics/registry.ts');
  registerMetric(name, create);
}
