/** What a training will do: its stages with their lengths, its networks, and the memory that it needs. */
import type { Locate } from '../config/explain.ts';
import type { RunConfig } from '../config/run-config.ts';
import type { Method, StagePlan } from '../core/method.ts';
import { ownRange, workerCount } from '../ops/collectives.ts';
import type { LayersModel, TensorFlow } from '../ops/tf.ts';
import { UserError } from '../runtime/errors.ts';

/** A stage with its number of steps. */
export interface PlannedStage {
  readonly stage: StagePlan;
  readonly steps: number;
  /** It ends at the latest when it has taken so long. */
  readonly minutes?: number | undefined;
  /** Estimate of the memory in use while it runs, bytes. */
  readonly memory: number;
}

/** What a training will do. */
export interface Plan {
  readonly trainingSamples: number;
  readonly stages: readonly PlannedStage[];
  readonly steps: number;
  /** Parameters by network. */
  readonly parameters: Readonly<Record<string, number>>;
}

/**
 * Throws a UserError, naming the key, where several workers cannot share out each batch, or not compute a step as the
 * configuration says.
 */
export function requireShares({ training, runtime }: RunConfig, locate: Locate): void {
  const workers = workerCount();
  if (workers > 1 && runtime.compile === 'xla')
    throw new UserError('XLA cannot compile the steps of several workers.', {
      where: locate(['runtime', 'compile']),
      expected: 'true or false',
      got: runtime.compile,
      fix: 'set it to true, or train without TF_CONFIG',
    });
  for (const { path, batch } of batchesOf(training, ['training'])) {
    if (batch % workers === 0) continue;
    const next = Math.ceil(batch / workers) * workers;
    throw new UserError('A batch cannot be shared out to all workers.', {
      where: locate(path),
      expected: `a multiple of ${workers}, the number of workers (TF_CONFIG): the batch is that of all together`,
      got: String(batch),
      fix: `set it to ${next}, or start another number of workers`,
    });
  }
}

/** What divides every batch: numbers of workers that divide it can share them out. */
export function commonBatch({ training }: RunConfig): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return batchesOf(training, ['training']).reduce((common, { batch }) => divisor(batch, common), 0);
}

/** Throws a UserError when a batch does not fit into the training split, naming the key. */
export function checkBatches(config: RunConfig, trainingSamples: number, locate: Locate): void {
  for (const { path, samples } of batchesOf(config.training, ['training'])) {
    if (samples <= trainingSamples) continue;
    throw new UserError('A batch is larger than the data.', {
      where: locate(path),
      expected: `at most ${trainingSamples}, the number of training samples`,
      got: String(samples),
      fix: 'lower the batch or add images',
    });
  }
}

/** Every `batch` below a part of the configuration, and the samples of a step of it. */
function batchesOf(
  part: object,
  path: readonly PropertyKey[],
): { path: PropertyKey[]; batch: number; samples: number }[] {
  const { accumulate = 1 } = part as { accumulate?: number };
  return Object.entries(part).flatMap(([key, value]) => {
    const inner = [...path, Array.isArray(part) ? Number(key) : key];
    if (key === 'batch')
      return [{ path: inner, batch: value as number, samples: (value as number) * accumulate }];
    return typeof value === 'object' && value !== null ? batchesOf(value, inner) : [];
  });
}

/** Samples of one step. */
export const stepSamples = ({ batch, accumulate = 1 }: Pick<StagePlan, 'batch' | 'accumulate'>): number =>
  batch * accumulate;

/**
 * The places of this worker's samples among those of a step. Each of the batches that make it is shared out by itself, so
 * that what is taken over a batch does not depend on the number of workers.
 */
export function ownPlaces({ batch, accumulate = 1 }: Pick<StagePlan, 'batch' | 'accumulate'>): number[] {
  const [from, to] = ownRange(batch);
  const places = Array.from({ length: to - from }, (_, i) => from + i);
  return Array.from({ length: accumulate }, (_, k) => places.map((place) => k * batch + place)).flat();
}

/** Steps of a stage. An epoch leaves out the last samples that do not fill a step's batches. */
export function stageSteps(stage: StagePlan, trainingSamples: number): number {
  const { duration } = stage;
  return 'steps' in duration
    ? duration.steps
    : duration.epochs * Math.floor(trainingSamples / stepSamples(stage));
}

/**
 * Works out the plan of a method on `trainingSamples` samples. Throws a UserError when it has no step.
 *
 * @param ema whether an average of generators is kept, which takes memory.
 */
export function makePlan(method: Method, trainingSamples: number, ema?: RunConfig['training']['ema']): Plan {
  const networks = Object.entries(method.networks);
  const parameters = Object.fromEntries(networks.map(([name, network]) => [name, network.countParams()]));
  const activations = new Map(
    networks.map(([name, network]) => [name, activationElements(network, method.describe(name).side)]),
  );
  const stages = method.stages.map((stage) => ({
    stage,
    steps: checkedWarmUp(stage, stageSteps(stage, trainingSamples)),
    minutes: stage.duration.minutes,
    memory: stageMemory(stage, parameters, activations) + 4 * (ema ? averaged(method, stage, parameters) : 0),
  }));
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  if (steps === 0) {
    throw new UserError('There is nothing to train.', {
      where: 'training',
      expected: 'at least one stage of one step or more',
      got: 'a length of 0 for every stage',
    });
  }
  return { trainingSamples, stages, steps, parameters };
}

/** Gives the stage's steps back. Throws a UserError when its learning rate would still be rising at its end. */
function checkedWarmUp({ name, optimizer }: StagePlan, steps: number): number {
  const warmUpSteps = optimizer?.schedule.warmUpSteps ?? 0;
  if (steps === 0 || warmUpSteps < steps) return steps;
  throw new UserError('The learning rate would rise to the end of a stage.', {
    where: `optimizer.schedule.warmUpSteps, stage ${name}`,
    expected: `fewer than the stage's ${steps} steps`,
    got: String(warmUpSteps),
  });
}

/** Parameters of a stage's generators. */
function averaged(method: Method, { learns }: StagePlan, parameters: Plan['parameters']): number {
  const generators = learns.filter((name) => method.describe(name).role === 'generator');
  return generators.reduce((sum, name) => sum + parameters[name], 0);
}

function stageMemory(
  stage: StagePlan,
  parameters: Readonly<Record<string, number>>,
  activations: ReadonlyMap<string, number>,
): number {
  const floatBytes = 4;
  let elements = 0;
  for (const [name, count] of Object.entries(parameters)) {
    const learns = stage.learns.includes(name);
    // Weights; of those that learn, a gradient and Adam's two moments as well.
    elements += learns ? 4 * count : count;
    // The sum of gradients.
    if (learns && (stage.accumulate ?? 1) > 1) elements += count;
    // What networks that learn compute is kept for the gradient, which takes as much again; and D runs on real and fake.
    if (learns) elements += ((3 * stage.batch) / workerCount()) * (activations.get(name) ?? 0);
  }
  return floatBytes * elements;
}

/** Elements of all layers' outputs for one sample, of `side` px where the network takes any size. */
export function activationElements(network: LayersModel, side: number): number {
  const shapes = new Map<string, TensorFlow.Shape[]>();
  let elements = 0;
  for (const layer of network.layers) {
    const node = layer.inboundNodes[0];
    const inputs = node.inboundLayers.map(({ name }, i) => {
      const made = shapes.get(name);
      if (!made)
        throw new Error(`The layer ${name} does not come before ${layer.name}, which takes its output.`);
      return made[node.tensorIndices[i]];
    });
    let made: TensorFlow.Shape[];
    if (inputs.length === 0) {
      const [, ...rest] = node.outputShapes[0] as TensorFlow.Shape;
      // Of a mask the channels may be left open, too.
      made = [[1, ...rest.map((size, axis) => size ?? (axis < 2 ? side : 1))]];
    } else if (layer.getClassName() === 'Add') {
      // Features from another network have a size of their own, which is the other summand's.
      made = [inputs[0]];
    } else {
      const found = layer.computeOutputShape(inputs.length === 1 ? inputs[0] : inputs);
      made = (Array.isArray(found[0]) ? found : [found]) as TensorFlow.Shape[];
    }
    shapes.set(layer.name, made);
    for (const shape of made) elements += shape.reduce<number>((product, size) => product * (size ?? 1), 1);
  }
  return elements;
}

/** The plan as lines to read. `approximate` says that the number of samples is an estimate. */
export function describePlan(plan: Plan, approximate = false): string[] {
  const about = approximate ? 'about ' : '';
  const rows = plan.stages.map(({ stage, steps, minutes, memory }, index) => [
    String(index + 1),
    stage.name,
    steps.toLocaleString('en') + (minutes === undefined ? '' : `, at most ${minutes} min`),
    (stage.accumulate ?? 1) === 1 ? String(stage.batch) : `${stage.accumulate} × ${stage.batch}`,
    byteSize(memory),
    stage.summary,
  ]);
  const total = Object.values(plan.parameters).reduce((sum, count) => sum + count, 0);
  return [
    `Training samples: ${about}${plan.trainingSamples.toLocaleString('en')}`,
    ...table(['', 'stage', 'steps', 'batch', 'memory, about', ''], rows),
    `Steps in all: ${about}${plan.steps.toLocaleString('en')}`,
    `Parameters: ${Object.entries(plan.parameters)
      .map(([name, count]) => `${name} ${millions(count)}`)
      .join(', ')}; in all ${millions(total)}`,
  ];
}

const byteSize = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MB` : `${(bytes / 2 ** 30).toFixed(1)} GB`;

const millions = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(1)} k` : `${(count / 1e6).toFixed(2)} M`;

/** Rows of cells as lines, columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
