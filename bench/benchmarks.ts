/** The names of what can be timed; in a file of its own, so that `--help` loads no engine. */

const PARTS = ['loader', 'prepare', 'degrade', 'faces'] as const;
/** What surrounds a training step. */
export type Part = (typeof PARTS)[number];
/** What can be timed, in the order in which it runs: what the command's own process has no part in comes first. */
export const BENCHMARKS = ['speed', 'scaling', ...PARTS] as const;
export type Benchmark = (typeof BENCHMARKS)[number];
