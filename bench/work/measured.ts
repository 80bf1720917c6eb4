import type { Duration } from '../contestant.ts';
import type { Work } from './work.ts';

/** One iteration, timed. */
export async function measured(work: Pick<Work, 'iterate'>): Promise<Duration> {
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work.iterate();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 };
}
