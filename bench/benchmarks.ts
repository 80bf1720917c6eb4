/** What can be timed, in the order in which it runs: what the command's own process has no part in comes first. */
export const BENCHMARKS = [
  'train',
  'infer',
  'scaling',
  'loader',
  'prepare',
  'degrade',
  'faces',
  'startup',
] as const;
export type Benchmark = (typeof BENCHMARKS)[number];
