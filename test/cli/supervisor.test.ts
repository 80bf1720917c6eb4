/** The supervisor of workers that compute nothing. */
import { availableParallelism } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { endWorkers, freePort, start as startProcess } from '../two-workers.ts';

afterEach(endWorkers);

const start = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  startProcess(['test/cli/supervised.ts', ...args], {
    DPS_ENGINE: 'cpu',
    TF_NUM_INTRAOP_THREADS: undefined,
    ...env,
  });

const threads = Math.max(1, Math.floor(availableParallelism() / 2));
const starts = (how: string) => [
  `worker 0 ${how}, 2 addresses, ${threads} threads`,
  `[worker 1] worker 1 ${how}, 2 addresses, ${threads} threads`,
];

it('shows what worker 0 prints, and what others print as errors, with their number', async () => {
  const { status, lines } = await start([]).ended;
  expect(status).toBe(0);
  expect(lines.toSorted()).toEqual([...starts('begins'), 'worker 0 prints'].toSorted());
});

it.each([
  ['1:SIGKILL', 'Worker 1: it was ended by SIGKILL.'],
  ['0:SIGKILL', 'Worker 0: it was ended by SIGKILL.'],
  ['0:stop', 'Worker 0: it did not end with the others and was killed.'],
  ['1:143', 'Worker 1: it ended with status 143.'],
])('goes on with the run when a worker is lost (%s)', async (fail, what) => {
  const { status, lines } = await start(['--fail', fail, '--restarts', '2']).ended;
  expect(status, lines.join('\n')).toBe(0);
  expect(lines).toContain(`Warning: ${what} All workers go on with runs/00001-x, restart 1 of at most 2.`);
  expect(lines).toEqual(expect.arrayContaining([...starts('begins'), ...starts('runs/00001-x')]));
});

it.each([
  ['1:1', '2', 1, 'what that worker says'],
  ['0:70', '2', 70, 'what that worker says'],
  ['1:SIGKILL', '0', 137, '--resume runs/00001-x --workers 2; --max-restarts N'],
])(
  'ends where another start would not mend it, or is not allowed (%s)',
  async (fail, restarts, expected, fix) => {
    const { status, lines } = await start(['--fail', fail, '--restarts', restarts]).ended;
    expect(status).toBe(expected);
    expect(lines.join('\n')).toMatch(
      new RegExp(`The workers have ended.\n +where: +worker ${fail[0]} of 2\n`),
    );
    expect(lines.at(-1)).toContain(fix);
  },
);

it('passes signals on, and starts nothing again after one that ends', async () => {
  const { child, ended, says } = start(['--wait', '--restarts', '2']);
  await Promise.all([says('worker 0 works'), says('worker 1 works')]);
  child.kill('SIGUSR1');
  await Promise.all([says('worker 0 got SIGUSR1'), says('worker 1 got SIGUSR1')]);
  child.kill('SIGTERM');
  const { status, lines } = await ended;
  expect(status).toBe(143);
  expect(lines.slice(-2).toSorted()).toEqual(['[worker 1] worker 1 got SIGTERM', 'worker 0 got SIGTERM']);
});

it('refuses more workers than GPUs, and to be a worker itself', async () => {
  const gpus = await start([], { DPS_ENGINE: undefined, CUDA_VISIBLE_DEVICES: '3' }).ended;
  expect([gpus.status, gpus.lines[0]]).toEqual([70, 'There are more workers than GPUs.']);
  const worker = await start([], { TF_CONFIG: '{}' }).ended;
  expect([worker.status, worker.lines[0]]).toEqual([70, 'This process is a worker of a cluster already.']);
});

/** Two machines of which the first this one is the host. */
async function startMachines(nnodes: string, ...more: string[]) {
  const args = [
    '--nnodes',
    nnodes,
    '--endpoint',
    `127.0.0.1:${await freePort()}`,
    '--restarts',
    '2',
    ...more,
  ];
  const host = start(args);
  await host.says('this one is the host');
  return { args, host, other: start(args) };
}

it('trains on with fewer machines when one is gone, with all when it is back, and when the host is started anew', async () => {
  const { args, host, other } = await startMachines('1:2', '--wait');
  await Promise.all([host.says('2 of at most 2 machines train'), other.says('worker 1 works')]);
  other.child.kill('SIGKILL');
  await host.says('worker 0 runs/00001-x, 1 addresses');
  const again = start(args);
  await Promise.all([
    host.says('worker 0 runs/00001-x, 2 addresses'),
    again.says('worker 1 runs/00001-x, 2 addresses'),
    again.says('worker 1 works'),
  ]);
  host.child.kill('SIGKILL');
  const first = await host.ended;
  // A scheduler repeats the command that began the run; the other machine knows of the run.
  const hostAgain = start(args);
  await Promise.all([
    hostAgain.says('worker 0 runs/00001-x, 2 addresses'),
    hostAgain.says('worker 0 works'),
    again.says('Worker 1: it ended with status 143'),
  ]);
  hostAgain.child.kill('SIGTERM');
  const [last, second] = await Promise.all([hostAgain.ended, again.ended]);
  expect([last.status, second.status], second.said).toEqual([143, 138]);
  expect(first.lines.filter((line) => /machines train|go on/.test(line)).slice(-4)).toEqual([
    'Warning: Worker 0: it ended with status 143. All workers go on with runs/00001-x, restart 1 of at most 2.',
    '1 of at most 2 machines train, with 1 workers; here worker 0.',
    'Another machine has come. All workers go on with runs/00001-x.',
    '2 of at most 2 machines train, with 2 workers; here worker 0.',
  ]);
  expect(second.said).toMatch(/got: +the machine of the rendezvous was told to end/);
});

it('ends on all machines when a worker of one ends by what another start would not mend', async () => {
  const { host, other } = await startMachines('2:2', '--fail', '1:1');
  const [first, second] = await Promise.all([host.ended, other.ended]);
  expect([first.status, second.status]).toEqual([138, 1]);
  expect(first.said).toMatch(/got: +what another start would not mend, on 127.0.0.1/);
  expect(second.said).toMatch(/where: +worker 1 of 2\n/);
});

it.each([
  ['2:1', '10.0.0.1:29400', /How many machines.*--nnodes.*2:1/s],
  ['1:2', '10.0.0.1', /Where do the machines meet.*--rdzv-endpoint.*got: +10.0.0.1$/s],
])('refuses machines %s at %s', async (nnodes, endpoint, what) => {
  const flags = ['--config', 'configs/smoke.yaml', '--nnodes', nnodes, '--rdzv-endpoint', endpoint];
  const { status, said } = await startProcess(['src/cli/main.ts', 'train', ...flags]).ended;
  expect(status).toBe(1);
  expect(said).toMatch(what);
});
