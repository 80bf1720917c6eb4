/** How often each value occurs in bytes, summed up. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly median: number;
  /** How many values occur. */
  readonly distinct: number;
  /** The share of bytes within the part of the range that was asked for. */
  readonly middle: number;
  /** The value below which that share of the bytes lies. */
  quantile(share: number): number;
}

/** @param middle a part of the range from the lowest to the highest value, as shares of it. */
export function histogramOf(
  data: Uint8Array | Uint8ClampedArray,
  middle: readonly [number, number] = [0, 1],
): Histogram {
  const counts = new Array<number>(256).fill(0);
  for (const value of data) counts[value]++;
  const low = counts.findIndex((count) => count > 0);
  const high = counts.findLastIndex((count) => count > 0);
  const [from, to] = middle.map((share) => low + share * (high - low));
  const within = counts
    .filter((_, value) => value > from && value < to)
    .reduce((sum, count) => sum + count, 0);
  const quantile = (share: number) => {
    let below = 0;
    for (let value = low; value < high; value++) {
      below += counts[value];
      if (below > share * data.length) return value;
    }
    return high;
  };
  const distinct = counts.filter((count) => count > 0).length;
  return { low, high, median: quantile(0.5), distinct, middle: within / data.length, quantile };
}
