/** `infer` by an exported model: without a checkpoint, TensorFlow or anything that set-up installs. */
import { basename } from 'node:path';
import { openOnnx } from '../graph/onnx/session.ts';
import { UserError } from '../runtime/errors.ts';
import { requireWritableFolder } from '../runtime/files.ts';
import { silent } from '../runtime/progress.ts';
import { regionToSee } from './faces.ts';
import { describeModel } from './load-editor.ts';
import { filesOf, paintJobs, requestedJobs, requireShortNames } from './paint-jobs.ts';
import type { InferPhotosOptions } from './run.ts';
import { runSession } from './run-onnx.ts';

/**
 * What `inferPhotos` does, by the whole path of an export in the place of a checkpoint. Its sheets have no rough sketch, which
 * exports do not give.
 *
 * @throws UserError as `inferPhotos`, and when the model is none of this program's.
 */
export async function inferByExport(options: InferPhotosOptions): Promise<string[]> {
  const { checkpoint: model, ls = [0.5], maskHole = 'white', face, raw = false, out } = options;
  const { detail = true, reporter = silent, signal } = options;
  const region = regionToSee(options.region, face);
  if (region === 'face')
    throw new UserError('An exported model finds no faces.', {
      where: face === undefined ? '--region face' : `--face ${face}`,
      expected: '--region hole or --region whole',
      fix: 'leave it out, or name a checkpoint, which the native engine runs',
    });
  const session = await openOnnx(model);
  try {
    const { resolution, task, controls } = describeModel(session);
    const jobs = await requestedJobs(options, { task, controls, name: model }, reporter);
    requireShortNames(jobs, ls);
    await requireWritableFolder(out, '--out');
    reporter.info(`ONNX, ${task} at ${resolution} px: ${model}`);
    const running = runSession(session, resolution);
    const predictor = { controls };
    const painting = {
      predictor,
      model: basename(model),
      running,
      resolution,
      ls,
      maskHole,
      region,
      raw,
      detail,
    };
    const outcomes = await paintJobs([...jobs.entries()], jobs.length, { out, reporter, signal }, painting);
    return filesOf(outcomes, jobs.length);
  } finally {
    await session.release();
  }
}
