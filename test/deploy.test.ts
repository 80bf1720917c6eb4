/** The scripts of `deploy/`, with programs in the places of Slurm's, ssh and Node that write down what they are given. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCluster } from '../src/runtime/cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const programs = {
  // What a worker would be started with.
  node: 'echo "CONFIG $TF_CONFIG"; echo "ARGUMENTS $*"; exit $STATUS',
  scontrol: 'if [ "$1" = show ]; then printf "%s\\n" alpha beta; else echo "$*" >> "$OUT"; fi',
  srun: `while [ "$1" != bash ]; do shift; done
for SLURM_PROCID in $(seq 0 $((SLURM_NTASKS - 1))); do export SLURM_PROCID; "$@" || exit; done`,
  // As the real one, it hands a line to the shell of the machine.
  ssh: 'while [ "$1" != 10.0.0.1 ] && [ "$1" != 10.0.0.2 ]; do shift; done; sh -c "$2"',
};
const bin = join(folder, 'bin');
mkdirSync(bin);
for (const [name, script] of Object.entries(programs)) {
  writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

async function run(script: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn('bash', [resolve('deploy', script), ...args], {
    cwd: folder,
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const after = (word: string) =>
    said
      .split('\n')
      .flatMap((line) => (line.includes(word) ? [line.slice(line.indexOf(word) + word.length)] : []));
  const byRank = (a: { rank: number } | undefined, b: { rank: number } | undefined) => a!.rank - b!.rank;
  return { status, clusters: after('CONFIG ').map(readCluster).sort(byRank), lines: after('ARGUMENTS ') };
}

describe('slurm.sh', () => {
  const job = {
    SLURM_JOB_ID: '40007',
    SLURM_JOB_NODELIST: '[alpha,beta]',
    SLURM_NTASKS: '4',
    SLURM_NTASKS_PER_NODE: '2',
    SLURM_CPUS_PER_TASK: '3',
  };

  it('makes each task a worker, with a port of its own on its node', async () => {
    const { status, clusters, lines } = await run('slurm.sh', ['--config', 'a b.yaml'], job);
    expect(status).toBe(0);
    const addresses = ['alpha:20007', 'alpha:20008', 'beta:20007', 'beta:20008'];
    expect(clusters).toEqual([0, 1, 2, 3].map((rank) => ({ addresses, rank })));
    expect(new Set(lines)).toEqual(
      new Set(['scripts/run.mjs train --runs runs/slurm-40007 --config a b.yaml']),
    );
  });

  it('goes on with the run that the job began', async () => {
    mkdirSync(join(folder, 'runs/slurm-8/00001-dps/checkpoints/step-100'), { recursive: true });
    const { lines } = await run('slurm.sh', ['--config', 'a.yaml'], { ...job, SLURM_JOB_ID: '8' });
    expect(lines[0]).toBe('scripts/run.mjs train --runs runs/slurm-8 --resume latest');
  });

  it('puts the job into the queue again when a worker was lost, not when something is wrong', async () => {
    const out = join(folder, 'scontrol');
    expect(await run('slurm.sh', [], { ...job, OUT: out, STATUS: '2' })).toMatchObject({ status: 2 });
    expect(existsSync(out)).toBe(false);
    expect(await run('slurm.sh', [], { ...job, OUT: out, STATUS: '138' })).toMatchObject({ status: 0 });
    expect(readFileSync(out, 'utf8')).toBe('requeue 40007\n');
    const often = { ...job, OUT: out, STATUS: '138', SLURM_RESTART_COUNT: '50' };
    expect(await run('slurm.sh', [], often)).toMatchObject({ status: 138 });
  });
});

describe('ssh.sh', () => {
  it('starts a worker on each machine, and ends as they do', async () => {
    const env = { HOSTS: '10.0.0.1 10.0.0.2', PORT: '2300' };
    const { status, clusters, lines } = await run('ssh.sh', ['train', '--config', "it's.yaml"], env);
    expect(status).toBe(0);
    const addresses = ['10.0.0.1:2300', '10.0.0.2:2300'];
    expect(clusters).toEqual([0, 1].map((rank) => ({ addresses, rank })));
    expect(lines).toEqual(Array(2).fill("scripts/run.mjs train --config it's.yaml"));
    expect((await run('ssh.sh', ['train'], { ...env, STATUS: '3' })).status).toBe(3);
  });
});

it('the pods of the TFJob are workers as its operator expects them', () => {
  const job = parse(readFileSync('deploy/kubernetes-tfjob.yaml', 'utf8'));
  const { replicas, restartPolicy, template } = job.spec.tfReplicaSpecs.Worker;
  const [container] = template.spec.containers;
  // See the operator's defaults: it looks for the container and the port by these names.
  expect([container.name, container.ports[0].name]).toEqual(['tensorflow', 'tfjob-port']);
  expect([replicas > 1, restartPolicy]).toEqual([true, 'ExitCode']);
  // The form of the TF_CONFIG that it makes.
  const worker = Array.from({ length: replicas }, (_, i) => `faces-worker-${i}.default.svc:2222`);
  const config = { cluster: { worker }, task: { type: 'worker', index: 3 }, environment: 'cloud' };
  expect(readCluster(JSON.stringify(config))).toEqual({ addresses: worker, rank: 3 });
});
