/**
 * The workers of a distributed training, as the environment variable TF_CONFIG names them, and the part of TensorFlow's
 * own server that each of them runs. Knows nothing of what they compute.
 */
import { BlockList } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { LOST_WORKER, UserError } from './errors.ts';
import { defineMessages } from './protobuf.ts';

export interface Cluster {
  /** `HOST:PORT` of each worker, by rank. */
  readonly addresses: readonly string[];
  /** This process among them; 0 leads. */
  readonly rank: number;
}

/** Whether it is `HOST:PORT`. */
export const isAddress = (text: string): boolean => {
  const port = Number(/^(?:\[[\da-f:]+\]|[^\s:/]+):(\d+)$/i.exec(text)?.[1]);
  return port >= 1 && port <= 65_535;
};
const addresses = z.array(z.string().refine(isAddress)).min(1);
const form = z.object({
  cluster: z.strictObject({ chief: addresses.max(1).optional(), worker: addresses.optional() }),
  task: z.object({ type: z.enum(['chief', 'worker']), index: z.int().min(0) }),
});
const EXAMPLE = '{"cluster":{"worker":["10.0.0.1:2222","10.0.0.2:2222"]},"task":{"type":"worker","index":0}}';

/**
 * The cluster of TF_CONFIG, as tf.distribute reads it; undefined where it names no other worker. A chief is worker 0, and
 * the workers come after it.
 *
 * @throws UserError naming what is wrong in it.
 */
export function readCluster(variable: string | undefined): Cluster | undefined {
  if (variable === undefined || variable.trim() === '') return undefined;
  const wrong = (where: string, expected: string, got: string) =>
    new UserError('TF_CONFIG names no worker of a cluster.', {
      where: `environment variable TF_CONFIG${where}`,
      expected,
      got,
      fix: `set it as in ${EXAMPLE}, or unset it to train on this machine alone`,
    });
  let json: unknown;
  try {
    json = JSON.parse(variable);
  } catch (error) {
    throw wrong('', 'JSON', (error as Error).message);
  }
  const { data, error } = form.safeParse(json);
  if (!data) {
    const [{ path, message }] = error.issues;
    const got = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)?.[key], json);
    const expected = path[0] === 'cluster' && path.length > 2 ? 'HOST:PORT' : message;
    throw wrong(path.length > 0 ? `, ${path.join('.')}` : '', expected, JSON.stringify(got) ?? 'nothing');
  }
  const { chief = [], worker = [] } = data.cluster;
  const { type, index } = data.task;
  const among = type === 'chief' ? chief : worker;
  if (index >= among.length)
    throw wrong(', task.index', `less than ${among.length}, the length of cluster.${type}`, String(index));
  const all = [...chief, ...worker];
  const twice = all.find((address, i) => all.indexOf(address) !== i);
  if (twice !== undefined)
    throw wrong(', cluster', 'an address of its own for each worker', `${twice} twice`);
  return all.length === 1 ? undefined : { addresses: all, rank: type === 'chief' ? 0 : chief.length + index };
}

/** What we write of tensorflow/core/protobuf/{tensorflow_server,cluster,config}.proto and coordination_config.proto. */
const serverType = defineMessages({
  ServerDef: [
    ['cluster', 1, 'ClusterDef'],
    ['jobName', 2, 'string'],
    ['taskIndex', 3, 'int32'],
    ['defaultSessionConfig', 4, 'ConfigProto'],
    ['protocol', 5, 'string'],
  ],
  ClusterDef: [['job', 1, 'JobDef[]']],
  JobDef: [
    ['name', 1, 'string'],
    ['tasks', 2, 'TaskEntry[]'],
  ],
  // A protocol buffer's map is a list of such entries.
  TaskEntry: [
    ['key', 1, 'int32'],
    ['value', 2, 'string'],
  ],
  ConfigProto: [['experimental', 16, 'Experimental']],
  Experimental: [
    ['collectiveGroupLeader', 1, 'string'],
    ['collectiveNccl', 7, 'bool'],
    ['coordinationConfig', 23, 'CoordinationServiceConfig'],
  ],
  CoordinationServiceConfig: [
    ['serviceType', 1, 'string'],
    ['serviceLeader', 2, 'string'],
    ['clusterRegisterTimeoutInMs', 4, 'int64'],
    ['heartbeatTimeoutInMs', 5, 'int64'],
    ['coordinatedJobList', 10, 'CoordinatedJob[]'],
    ['clusterRegisterWithBarrier', 14, 'bool'],
  ],
  CoordinatedJob: [
    ['name', 1, 'string'],
    ['numTasks', 2, 'int32'],
  ],
}).lookupType('ServerDef');

/** How long workers wait for each other at the start, ms: a scheduler may have to wait for machines. */
const REGISTER = 1800_000;
/** A worker that gave no sign of life for so long, ms, is taken for gone; the others' work fails then. */
export const HEARTBEAT = 5_000;

/** TensorFlow's name of a worker. */
export const taskName = (rank: number): string => `/job:worker/replica:0/task:${rank}`;

/** A serialized ServerDef, with the coordination service at worker 0. */
function encodeServer({ addresses, rank }: Cluster): Uint8Array {
  const coordinationConfig = {
    serviceType: 'standalone',
    serviceLeader: taskName(0),
    clusterRegisterTimeoutInMs: REGISTER,
    clusterRegisterWithBarrier: true,
    heartbeatTimeoutInMs: HEARTBEAT,
    coordinatedJobList: [{ name: 'worker', numTasks: addresses.length }],
  };
  const tasks = addresses.map((value, key) => ({ key, value }));
  // Between GPUs; on CPUs it changes nothing.
  const collectiveNccl = true;
  const experimental = { collectiveGroupLeader: taskName(0), collectiveNccl, coordinationConfig };
  return serverType
    .encode({
      cluster: { job: [{ name: 'worker', tasks }] },
      jobName: 'worker',
      taskIndex: rank,
      defaultSessionConfig: { experimental },
      protocol: 'grpc',
    } as object)
    .finish();
}

let joined: Cluster | undefined;

/** The cluster that this process is a worker of. */
export const currentCluster = (): Cluster | undefined => joined;

/**
 * Makes this process a worker: when TensorFlow is loaded it starts its server and waits for all others. So this must come
 * before anything that imports `ops/tf.ts`.
 */
export function joinCluster(cluster: Cluster): void {
  joined = cluster;
  // See native/collectives.cc, which reads it while TF.js's addon is loaded.
  Object.assign(globalThis, { tensorflowServer: encodeServer(cluster) });
}

/**
 * Ends this worker, from a thread, when another one's machine cannot be reached. Only worker 0 hears heartbeats; the others
 * would wait for each other as long as collective operations may take.
 */
export function watchPeers({ addresses, rank }: Cluster): void {
  const peers = addresses.flatMap((address, other) => {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) as RegExpExecArray;
    return other === rank ? [] : [{ name: `worker ${other} (${address})`, host, port: Number(port) }];
  });
  const workerData = { peers, timeoutMs: HEARTBEAT, periodMs: 2000 };
  new Worker(new URL('./peer-watch.mjs', import.meta.url), { workerData, execArgv: [] }).unref();
}

const PRIVATE = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv4');
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/**
 * Of these addresses, by default this machine's, those that others than a private network may reach. TensorFlow's server
 * listens on all, whichever one it is given.
 */
export function publicAddresses(
  all: readonly Pick<NetworkInterfaceInfo, 'address' | 'family'>[] = Object.values(
    networkInterfaces(),
  ).flatMap((of) => of ?? []),
): string[] {
  const isPublic = ({ address, family }: (typeof all)[number]) =>
    !PRIVATE.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  return all.filter(isPublic).map(({ address }) => address);
}

/** The UserError of a cluster that could not be joined; any other error as it is. */
export function explainJoining(error: unknown): unknown {
  if (!joined || !(error instanceof Error) || !error.message.startsWith('TF_Status')) return error;
  const { addresses, rank } = joined;
  const [, ...lines] = error.message.split('\n');
  return new UserError('The cluster could not be joined.', {
    where: `worker ${rank} of ${addresses.length}, ${addresses[rank]} (environment variable TF_CONFIG)`,
    expected: 'a port that is free, and all workers to start within half an hour',
    got: lines.join(' ').slice(0, 300),
    fix: `look at whether all workers run and reach each other: ${addresses.join(', ')}`,
    exitStatus: LOST_WORKER,
  });
}
