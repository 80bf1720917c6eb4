/** Speed and memory of training or inference, alone or in turns with the original. */
import { type ConfigChoice, Contestant, type NetworkAssignment } from './contestant.ts';
import type { Finding } from './finding.ts';
import { median, medianAndQuartiles, medianRatio } from './statistics.ts';
import type { Duration } from './works.ts';

/** How many times as fast as the original, and with how many times its memory. */
const TARGETS = { train: { speed: 1.5, memory: 1.3 }, infer: { speed: 2, memory: undefined } } as const;

export interface SpeedOptions extends NetworkAssignment, ConfigChoice {
  /** Iterations measured of each. */
  readonly runs: number;
  /** Told after every iteration. */
  readonly progress: (done: number) => void;
}

export async function speedAlone(options: SpeedOptions): Promise<Finding[]> {
  const { durations, peakBytes, operations, gpu } = await Contestant.run(options);
  const onGpu = gpu && [
    { label: 'ours: the GPU is busy', value: 100 * gpu.utilisation, unit: '%' },
    { label: 'ours: memory in use on the GPU', value: gpu.peakBytes / 2 ** 20, unit: 'MB' },
  ];
  return [
    ...side('ours', durations, options.batch, peakBytes),
    computed(durations, operations),
    ...(onGpu ?? []),
  ];
}

/**
 * Ours and the original's iterations in turns, either first, so that whatever else the machine does falls on both;
 * neither computes while the other does.
 *
 * @throws UserError when the original cannot be run.
 */
export async function speedAgainstOriginal(
  options: SpeedOptions & { deepps: string; imageGenerator: boolean },
): Promise<Finding[]> {
  const { what, batch, runs, progress } = options;
  const contestants: Contestant[] = [];
  try {
    const ours = await Contestant.ours(options);
    contestants.push(ours);
    const original = await Contestant.original(options);
    contestants.push(original);
    const durations = new Map<Contestant, Duration[]>(contestants.map((contestant) => [contestant, []]));
    for (let i = 0; i < runs; i++) {
      const order = i % 2 === 0 ? contestants : [original, ours];
      for (const contestant of order) durations.get(contestant)!.push(await contestant.iterate());
      progress(i + 1);
    }
    const memory = [await ours.end(), await original.end()] as const;
    const { speed, memory: mostMemory } = TARGETS[what];
    const times = (of: keyof Duration) =>
      contestants.map((contestant) => durations.get(contestant)!.map((duration) => duration[of]));
    const [oursWall, theirsWall] = times('seconds') as [number[], number[]];
    const [oursCpu, theirsCpu] = times('cpuSeconds') as [number[], number[]];
    return [
      ...side(`ours (${ours.ready.software})`, durations.get(ours)!, batch, memory[0]),
      computed(durations.get(ours)!, ours.ready.operations ?? 0),
      ...side(`original (${original.ready.software})`, durations.get(original)!, batch, memory[1]),
      {
        label: 'times as fast (95 % bootstrap)',
        ...medianRatio(theirsWall, oursWall),
        unit: '',
        atLeast: speed,
      },
      { label: 'times less CPU time (95 % bootstrap)', ...medianRatio(theirsCpu, oursCpu), unit: '' },
      { label: 'share of its memory', value: memory[0] / memory[1], unit: '', atMost: mostMemory },
    ];
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.kill()));
  }
}

const computed = (durations: readonly Duration[], operations: number): Finding => ({
  label: 'ours: convolutions and matrix products',
  value: operations / median(durations.map(({ seconds }) => seconds)) / 1e9,
  unit: 'GFLOP/s',
});

function side(name: string, durations: readonly Duration[], batch: number, peakBytes: number): Finding[] {
  const seconds = durations.map((duration) => duration.seconds);
  return [
    { label: `${name}: an iteration`, ...medianAndQuartiles(seconds), unit: 's' },
    { label: `${name}: images`, value: batch / median(seconds), unit: '1/s' },
    {
      label: `${name}: CPU time`,
      ...medianAndQuartiles(durations.map(({ cpuSeconds }) => cpuSeconds)),
      unit: 's',
    },
    { label: `${name}: peak memory`, value: peakBytes / 2 ** 20, unit: 'MB' },
  ];
}
