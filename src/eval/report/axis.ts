/** Scales of charts. */

export interface Axis {
  /** Rising values at which lines are drawn. */
  readonly ticks: readonly number[];
  readonly step: number;
  /** The place of a value: 0 at the first tick, 1 at the last. */
  place(value: number): number;
}

/** An axis from a round number below all values to one above, with about `count` steps. */
export function makeAxis(values: readonly number[], count = 5): Axis {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) {
    const margin = Math.abs(low) / 10 || 1;
    [low, high] = [low - margin, high + margin];
  }
  const step = roundStep((high - low) / count);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { ticks, step, place: (value) => (value / step - first) / (last - first) };
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((round) => round >= step * (1 - 1e-9))!;
}

/** A tick with as many decimals as its axis needs. */
export function formatTick(value: number, step: number): string {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) + (String(step).includes('25') ? 1 : 0) - 1e-9));
  return value.toFixed(Math.min(8, decimals));
}
