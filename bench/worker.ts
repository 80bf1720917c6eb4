/** Our side of a comparison, a process of its own. See contestant.ts. */
import { tf } from '../src/ops/tf.ts';
import { UserError } from '../src/runtime/errors.ts';
import { type OwnAssignment, serve } from './contestant.ts';
import { countOperations } from './operations.ts';
import {
  benchConfig,
  inferenceWork,
  loaderWork,
  peakWork,
  preparationWork,
  preparedInferenceWork,
  trainingWork,
  type Work,
} from './works.ts';

async function workOf(assignment: OwnAssignment): Promise<Work> {
  if (assignment.what === 'peak') return peakWork(assignment.way);
  const { config: file, set } = assignment;
  const config = benchConfig(file, set, 'level' in assignment ? assignment.level : undefined);
  switch (assignment.what) {
    case 'train':
      return trainingWork(config, assignment.level, assignment.batch);
    case 'infer':
      return config.runtime.compile ? preparedInferenceWork(config) : inferenceWork(config, assignment.batch);
    case 'loader':
      return loaderWork(config, assignment);
    case 'prepare':
      return preparationWork(config, assignment.images);
  }
}

async function run(): Promise<void> {
  const { warmUp, ...assignment } = JSON.parse(process.argv[2]) as OwnAssignment & { warmUp: number };
  const work = await workOf(assignment);
  // The first iteration counts, and warms up.
  const operations = await countOperations(work);
  for (let i = 1; i < warmUp; i++) await work.iterate();
  const version = (tf.backend() as unknown as NativeBackend).binding.TF_Version;
  await serve({ software: `TensorFlow ${version}`, images: work.images, operations }, work);
  await work.end?.();
}

interface NativeBackend {
  readonly binding: { readonly TF_Version: string };
}

try {
  await run();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  // Whoever asked for the measurement shows the last lines that a program has written.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
