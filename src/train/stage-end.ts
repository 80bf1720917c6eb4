/**
 * When a stage is over: after its steps, its minutes, or when held-out samples get no better, whichever comes first. How far
 * it has got is in its checkpoints, so that a run that is resumed ends where it would have ended.
 */
import type { RunConfig } from '../config/run-config.ts';
import type { CheckpointHead } from '../core/checkpoint.ts';
import { isBetter } from '../eval/metrics/metric.ts';
import type { Criterion, Measurements } from '../eval/validation.ts';
import type { PlannedStage } from './plan.ts';

type EarlyStopping = RunConfig['training']['earlyStopping'];

/** How far a stage has got, as checkpoints have it. */
type Progress = Pick<CheckpointHead['stage'], 'step' | 'seconds' | 'patience'>;

/** What ended a stage, in words that follow its name; undefined while it is not over. */
export function stageEnd(
  { step, seconds = 0, patience }: Progress,
  { steps, minutes = Number.POSITIVE_INFINITY }: Pick<PlannedStage, 'steps' | 'minutes'>,
  earlyStopping: EarlyStopping,
): string | undefined {
  if (step >= steps) return 'all of its steps are done';
  if (seconds >= 60 * minutes) return `its ${minutes} minutes are over (duration.minutes)`;
  if (earlyStopping && patience && patience.waited >= earlyStopping.patience) {
    const { metric, best, waited } = patience;
    return `${metric} was no better than ${best?.toPrecision(4)} in the last ${waited} measurements (training.earlyStopping)`;
  }
  return undefined;
}

export interface StageClockOptions {
  readonly planned: Pick<PlannedStage, 'steps' | 'minutes'>;
  readonly earlyStopping: EarlyStopping;
  /** Tells whether held-out samples got better. */
  readonly criterion: Criterion | undefined;
  /** The stage in the checkpoint that it goes on from. */
  readonly from: Progress | undefined;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
}

/** Follows a stage to its end. */
export class StageClock {
  readonly #options: StageClockOptions;
  readonly #now: () => number;
  readonly #begin: number;
  /** At the last {@link tick}: a stage is not over between a step and the decision whether it was the last one. */
  #seconds: number;
  #patience: Progress['patience'];

  constructor(options: StageClockOptions) {
    const { from, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#begin = now();
    this.#seconds = from?.seconds ?? 0;
    this.#patience = from?.patience;
  }

  /** Seconds of the stage until now. */
  get elapsed(): number {
    return (this.#options.from?.seconds ?? 0) + (this.#now() - this.#begin) / 1000;
  }

  /** Looks at the time; after each step. @param seconds what workers have agreed on. Default: the time now. */
  tick(seconds = this.elapsed): void {
    this.#seconds = seconds;
  }

  /** See {@link stageEnd}. @param step steps of the stage that are done. */
  end(step: number): string | undefined {
    const { planned, earlyStopping } = this.#options;
    return stageEnd({ step, seconds: this.#seconds, patience: this.#patience }, planned, earlyStopping);
  }

  /** Whether held-out samples are to be measured after so many steps of the stage. */
  measures(step: number): boolean {
    const { earlyStopping } = this.#options;
    return earlyStopping !== undefined && step % earlyStopping.everySteps === 0;
  }

  /** Whether a checkpoint after so many steps was written without the measurement that was due. */
  lacks(step: number): boolean {
    return step > 0 && this.measures(step) && this.#patience?.step !== step;
  }

  /**
   * A measurement that {@link measures} asked for. Where there were values that are not finite, and so no measurement, it
   * counts as one that is no better. Another criterion begins anew.
   */
  measured(step: number, measurements: Measurements | undefined): void {
    const { criterion } = this.#options;
    if (!criterion) return;
    const { key: metric, better } = criterion;
    const value = measurements?.[metric];
    const { best, waited } =
      this.#patience?.metric === metric ? this.#patience : { best: undefined, waited: 0 };
    const hasImproved = value !== undefined && (best === undefined || isBetter(better, value, best));
    this.#patience = {
      metric,
      step,
      ...(hasImproved ? { best: value, waited: 0 } : { best, waited: waited + 1 }),
    };
  }

  /** For a checkpoint: what {@link stageEnd} takes beside the step, as far as the stage's end depends on it. */
  state(): Pick<Progress, 'seconds' | 'patience'> {
    const { planned } = this.#options;
    return {
      ...(planned.minutes !== undefined && { seconds: this.#seconds }),
      ...(this.#patience && { patience: this.#patience }),
    };
  }

  /** The time so far, for people, where it is limited. */
  describe(): string[] {
    const { minutes } = this.#options.planned;
    return minutes === undefined ? [] : [`${(this.#seconds / 60).toFixed(1)} of ${minutes} min`];
  }
}
