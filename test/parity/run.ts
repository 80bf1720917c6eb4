/** Runs every case of a folder of fixtures against our code. */
import { tf } from '../../src/ops/tf.ts';
import type { Check, Checks } from './compare.ts';
import {
  checkAttention,
  checkDeepFillGenerator,
  checkDeepFillStep,
  checkSnPatchGan,
} from './components/deepfill.ts';
import { checkLosses } from './components/losses.ts';
import { checkDiscriminator, checkGenerator, checkImageGenerator } from './components/networks.ts';
import {
  checkDilatedTotalVariation,
  checkNaotoLosses,
  checkNaotoNetwork,
  checkPartialConv,
  checkPartialConvLosses,
  checkPartialConvNetwork,
  checkPartialConvStep,
} from './components/partial-conv.ts';
import { checkHed, checkMasks, checkThinning } from './components/pictures.ts';
import { checkPipeline } from './components/pipeline.ts';
import {
  checkLuaPix2PixStep,
  checkPatchDiscriminator,
  checkPix2PixGenerator,
  checkPix2PixStep,
} from './components/pix2pix.ts';
import { checkScFeganGenerator, checkScFeganStep } from './components/scfegan.ts';
import {
  checkDeformation,
  checkDilation,
  checkDiscarding,
  checkPyramid,
  checkSmoothing,
} from './components/sketch.ts';
import { checkTf1Layer } from './components/tf1-layers.ts';
import { checkImageGeneratorStep, checkRefinementStep } from './components/training.ts';
import { type FixtureCase, openFixtures } from './fixtures.ts';

/** By the manifest's `component`. */
const COMPONENTS: Record<string, (fixture: FixtureCase) => Checks | Promise<Checks>> = {
  F: checkImageGenerator,
  G: checkGenerator,
  D: checkDiscriminator,
  losses: checkLosses,
  train_G: checkRefinementStep,
  train_F: checkImageGeneratorStep,
  blur: checkSmoothing,
  dilate: checkDilation,
  deform: checkDeformation,
  discard: checkDiscarding,
  prepare: checkPyramid,
  mask: checkMasks,
  test_pipeline: checkPipeline,
  HED: checkHed,
  thin: checkThinning,
  pconv_layer: checkPartialConv,
  pconv_unet: checkPartialConvNetwork,
  pconv_unet_naoto: checkNaotoNetwork,
  pconv_losses: checkPartialConvLosses,
  pconv_losses_naoto: checkNaotoLosses,
  pconv_train: checkPartialConvStep,
  keras_tv: checkDilatedTotalVariation,
  tf_layer: checkTf1Layer,
  df_attention: checkAttention,
  df_gen: checkDeepFillGenerator,
  df_disc: checkSnPatchGan,
  df_train: checkDeepFillStep,
  sc_gen: checkScFeganGenerator,
  sc_train: checkScFeganStep,
  p2p_G: checkPix2PixGenerator,
  p2p_D: checkPatchDiscriminator,
  p2p_train: checkPix2PixStep,
  lua: checkLuaPix2PixStep,
};

export interface CaseResult {
  readonly id: string;
  readonly component: string;
  readonly passed: boolean;
  /** The check that comes nearest to its tolerance, or goes furthest beyond it; undefined where there is none. */
  readonly worst?: Check | undefined;
  readonly failures: readonly Check[];
  /** Names of what was compared. */
  readonly compared: readonly string[];
  /** Why the case could not be checked. */
  readonly error?: string | undefined;
}

/** Checks the cases of `folder` one after another, yielding each result as it is there. */
export async function* runParity(folder: string): AsyncGenerator<CaseResult> {
  for (const fixture of openFixtures(folder)) yield await checkCase(fixture);
}

/** Checks one case; a case that cannot be checked has failed. */
export async function checkCase(fixture: FixtureCase): Promise<CaseResult> {
  const { id, component } = fixture;
  tf.engine().startScope();
  try {
    const run = COMPONENTS[component];
    const all = run ? await run(fixture) : [];
    const checks = all.filter((check) => check !== undefined);
    const failures = checks.filter((check) => !check.passed);
    const error = checks.length === 0 ? `nothing to check for component ${component}` : undefined;
    return {
      id,
      component,
      passed: failures.length === 0 && !error,
      worst: worstOf(checks),
      failures,
      compared: checks.map(({ name }) => name),
      error,
    };
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    return { id, component, passed: false, failures: [], compared: [], error };
  } finally {
    tf.engine().endScope();
    tf.disposeVariables();
  }
}

function worstOf(checks: readonly Check[]): Check | undefined {
  const severity = ({ maxError, tolerance, passed }: Check) =>
    (passed ? 0 : 1e6) + maxError / (tolerance.absolute || 1);
  return checks.reduce<Check | undefined>(
    (worst, check) => (!worst || severity(check) > severity(worst) ? check : worst),
    undefined,
  );
}
