/** The learning rate over the steps of a stage: constant, or falling to 0 in a line or half a cosine, after a warm-up. */
import type { OptimizerConfig } from '../config/run-config.ts';

/** From where on the rate falls, as a share of the stage: CycleGAN's half for a line, all of it for a cosine. */
const DECAY_FROM = { constant: 1, linear: 0.5, cosine: 0 };

/**
 * The rate of a step, which an optimiser is given as an input of the step.
 *
 * @param step of the stage, 0 being its first. @param steps of the whole stage.
 */
export function scheduledRate(
  { learningRate, schedule }: Pick<OptimizerConfig, 'learningRate' | 'schedule'>,
  step: number,
  steps: number,
): number {
  const { kind, warmUpSteps } = schedule;
  if (step < warmUpSteps) return (learningRate * (step + 1)) / warmUpSteps;
  const from = Math.max(warmUpSteps, (schedule.decayFrom ?? DECAY_FROM[kind]) * steps);
  if (kind === 'constant' || step < from) return learningRate;
  // 0 is what comes after the last step.
  const fallen = (step - from) / (steps - from);
  return learningRate * (kind === 'linear' ? 1 - fallen : (1 + Math.cos(Math.PI * fallen)) / 2);
}
