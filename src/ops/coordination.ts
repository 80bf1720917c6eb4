/**
 * What the workers of a cluster tell each other, by TensorFlow's coordination service (what they compute together is in
 * `collectives.ts`). Worker 0 leads: it alone reports and writes what all of them made. All workers call these functions in
 * one order. In a process by itself they only do the work that they are given.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Cluster, currentCluster, HEARTBEAT, taskName } from '../runtime/cluster.ts';
import { LOST_WORKER, UserError } from '../runtime/errors.ts';
import { averageOverWorkers } from './collectives.ts';
import { nativeBackend } from './raw.ts';
import { tf } from './tf.ts';

/** Whether this worker leads, as a process by itself does. */
export const isLeader = (): boolean => (currentCluster()?.rank ?? 0) === 0;

/** Work that all workers of a cluster do together, from when they have met to when none needs another any more. */
export async function amongWorkers<T>(work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    await leave();
    return result;
  } catch (error) {
    throw explainLostWorker(error);
  }
}

/** How often these functions were called, so that each call has keys of its own. */
let calls = 0;

/** What each worker says, by rank, on all workers, once all have come here. */
export async function exchange<T>(own: T): Promise<T[]> {
  const cluster = currentCluster();
  if (!cluster) return [own];
  calls += 1;
  const key = (rank: number) => `exchange/${calls}/${rank}`;
  nativeBackend().binding.setKey(key(cluster.rank), JSON.stringify({ own }));
  const keys = [...cluster.addresses.keys()].map(key);
  const all: T[] = [];
  for (const [rank, one] of keys.entries()) all.push(JSON.parse(await textOf(one, rank)).own);
  return all;
}

/** What the leader's work gave, on all workers, once it is done; others wait for it as long as the leader lives. */
export async function byLeader<T>(work: () => Promise<T>): Promise<T> {
  if (!currentCluster()) return work();
  calls += 1;
  const key = `leader/${calls}`;
  if (!isLeader()) return JSON.parse(await textOf(key, 0)).result;
  const result = await work();
  nativeBackend().binding.setKey(key, JSON.stringify({ result }));
  return result;
}

/** Work that each worker does, the leader before the others: what it leaves in a shared folder, they find there. */
export async function leaderFirst<T>(work: () => Promise<T>): Promise<T> {
  if (!currentCluster()) return work();
  const done = isLeader() ? await work() : undefined;
  await byLeader(async () => undefined);
  return isLeader() ? (done as T) : work();
}

/**
 * Waits for a key that another worker sets, in turns, between which signals come through. Meanwhile it looks whether that
 * worker lives, and the next one: so each is watched by another, also while the leader is busy by itself.
 */
async function textOf(key: string, from: number): Promise<string> {
  const { addresses, rank } = currentCluster() as Cluster;
  const { getKey, checkPeer } = nativeBackend().binding;
  const watched = [...new Set([from, (rank + 1) % addresses.length])].filter((other) => other !== rank);
  for (;;) {
    const text = getKey(key, 200);
    if (text !== undefined) return text;
    for (const other of watched) {
      try {
        checkPeer(taskName(other), HEARTBEAT);
      } catch (error) {
        // It may have set the key and come to its end.
        const last = getKey(key, 200);
        if (last !== undefined) return last;
        throw lostWorkers([other], error as Error);
      }
    }
    await setImmediate();
  }
}

/** The mean of numbers over all workers, which are the same on each of them after it. */
export function agree(numbers: readonly number[]): number[] {
  if (!currentCluster()) return [...numbers];
  return tf.tidy(() => {
    const [mean] = averageOverWorkers([tf.tensor1d([...numbers])]);
    return [...mean.dataSync()];
  });
}

/**
 * Throws a UserError on all workers when what one of them says of itself differs from what the leader says.
 *
 * @param own texts by what they are about.
 */
export async function requireEqual(own: Readonly<Record<string, string>>): Promise<void> {
  const cluster = currentCluster();
  if (!cluster) return;
  const { addresses } = cluster;
  const all = await exchange(own);
  const [leader] = all;
  const differences = all.flatMap((of, other) =>
    [...new Set([...Object.keys(leader), ...Object.keys(of)])]
      .filter((key) => of[key] !== leader[key])
      .map((key) => {
        const [its, leaders] = [of[key], leader[key]].map((text) => text ?? 'nothing');
        return `worker ${other} (${addresses[other]}): ${key} ${its}, worker 0 ${leaders}`;
      }),
  );
  if (differences.length === 0) return;
  await leave();
  throw new UserError('The workers would not do the same work.', {
    where: `${new Set(differences.map((line) => line.split(':', 1)[0])).size} of ${addresses.length} workers`,
    expected: 'the same on all workers as on worker 0',
    got: differences.join('\n            '),
    fix: 'give all workers the same program, configuration and data, and start them again',
  });
}

/** Of what this program consists of. */
export function programHash(): string {
  const source = fileURLToPath(new URL('..', import.meta.url));
  const hash = createHash('sha256');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|js|mjs)$/.test(name),
  );
  for (const name of files.sort()) hash.update(name).update(readFileSync(join(source, name)));
  return hash.digest('hex').slice(0, 12);
}

/**
 * The leader keeps what workers tell each other, so it ends when the others have come to this. Whoever comes to its end by
 * an error has no need of it.
 */
export async function leave(): Promise<void> {
  const cluster = currentCluster();
  if (!cluster) return;
  calls += 1;
  const key = (rank: number) => `left/${calls}/${rank}`;
  nativeBackend().binding.setKey(key(cluster.rank), '');
  if (isLeader()) for (const other of cluster.addresses.keys()) await textOf(key(other), other);
}

/** The UserError of work that another worker's end has ended; any other error as it is. */
export function explainLostWorker(error: unknown): unknown {
  if (!currentCluster() || !(error instanceof Error)) return error;
  const lost =
    /Collective ops is aborted|RingReduce|CoordinationService|coordination (service|agent)|Agent must be in CONNECTED/i;
  if (!lost.test(error.message)) return error;
  const tasks = [...error.message.matchAll(/\/job:worker\/(?:replica:0\/)?task:(\d+)/g)].map(([, rank]) =>
    Number(rank),
  );
  return lostWorkers(
    [...new Set(tasks)].filter((rank) => rank !== currentCluster()?.rank),
    error,
  );
}

function lostWorkers(ranks: readonly number[], error: Error): UserError {
  const { addresses } = currentCluster() as Cluster;
  return new UserError('Another worker has ended or cannot be reached.', {
    where: ranks.map((rank) => `worker ${rank} (${addresses[rank]})`).join(', ') || undefined,
    expected: 'all workers to stay until the end',
    got: error.message.replace(/\s+/g, ' ').slice(0, 300),
    fix: 'look at what that worker says, and start all workers again: a training with --resume, from its last checkpoint; other commands as before, they go on with what is done',
    exitStatus: LOST_WORKER,
  });
}
