import { expect, it } from 'vitest';
import { readConfig } from '../../src/models/read-config.ts';
import { currentCluster, joinCluster, publicAddresses, readCluster } from '../../src/runtime/cluster.ts';
import { requireShares } from '../../src/train/plan.ts';

const config = (cluster: unknown, task: unknown) => JSON.stringify({ cluster, task });
const two = { worker: ['10.0.0.1:2222', 'node-2.example:2223'] };

it('TF_CONFIG names a worker among others', () => {
  expect(readCluster(config(two, { type: 'worker', index: 1 }))).toEqual({
    addresses: two.worker,
    rank: 1,
  });
  // A chief comes first, as tf.distribute and Kubeflow have it.
  const chief = { chief: ['10.0.0.9:1'], ...two };
  expect(readCluster(config(chief, { type: 'worker', index: 1 }))?.rank).toBe(2);
  expect(readCluster(config(chief, { type: 'chief', index: 0 }))).toEqual({
    addresses: ['10.0.0.9:1', ...two.worker],
    rank: 0,
  });
  // What schedulers add beside these is their business.
  const more = { cluster: two, task: { type: 'worker', index: 0, trial: '1' }, environment: 'cloud' };
  expect(readCluster(JSON.stringify(more))?.rank).toBe(0);
});

it('a process by itself needs no cluster', () => {
  expect(readCluster(undefined)).toBeUndefined();
  expect(readCluster(' ')).toBeUndefined();
  expect(readCluster(config({ worker: ['a:1'] }, { type: 'worker', index: 0 }))).toBeUndefined();
});

it.each([
  ['{"cluster":', /JSON/],
  ['[]', /object/],
  [config(undefined, { type: 'worker', index: 0 }), /TF_CONFIG, cluster\n/],
  [config(two, undefined), /TF_CONFIG, task\n/],
  [config(two, { type: 'ps', index: 0 }), /task\.type.*"ps"/s],
  [config(two, { type: 'worker', index: '1' }), /task\.index.*"1"/s],
  [config(two, { type: 'worker', index: 2 }), /task\.index.*less than 2.*got: +2/s],
  [config(two, { type: 'chief', index: 0 }), /task\.index.*cluster\.chief/s],
  [config({ worker: ['a:1', 'b'] }, { type: 'worker', index: 0 }), /cluster\.worker\.1.*HOST:PORT.*"b"/s],
  [config({ worker: ['a:1', 'b:0'] }, { type: 'worker', index: 0 }), /cluster\.worker\.1/],
  [config({ worker: ['a:1', 'b:70000'] }, { type: 'worker', index: 0 }), /cluster\.worker\.1/],
  [config({ worker: ['a:1', 'a:1'] }, { type: 'worker', index: 0 }), /a:1 twice/],
  [config({ worker: ['a:1'], ps: ['b:1'] }, { type: 'worker', index: 0 }), /TF_CONFIG, cluster.*ps/s],
])('%s is refused by its fault', (text, message) => {
  expect(() => readCluster(text)).toThrow(message);
  expect(() => readCluster(text)).toThrow('TF_CONFIG names no worker of a cluster.');
});

it('an address is public where others than a private network may reach it', () => {
  const all = [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.9',
    '172.31.0.1',
    '172.32.0.1',
    '::1',
    'fd00::1',
    '2001:db8::1',
  ];
  const addresses = all.map(
    (address) => ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as const,
  );
  expect(publicAddresses(addresses)).toEqual(['172.32.0.1', '2001:db8::1']);
});

it('workers share out each batch, or say which they cannot', () => {
  const { config: smoke, locate } = readConfig('configs/smoke.yaml', ['training.levels.1.batch=3']);
  requireShares(smoke, locate);
  joinCluster({ addresses: ['a:1', 'b:1'], rank: 0 });
  expect(currentCluster()?.addresses).toHaveLength(2);
  expect(() => requireShares(smoke, locate)).toThrow(
    /training\.levels\.1\.batch.*a multiple of 2.*got: +3.*set it to 4/s,
  );
  const xla = { ...smoke, runtime: { ...smoke.runtime, compile: 'xla' as const } };
  expect(() => requireShares(xla, locate)).toThrow(/runtime\.compile/);
});
