/**
 * A program under the supervisor whose workers compute nothing. `--fail R:HOW` at the first start: worker R ends with that
 * status, by that signal, or (`stop`) does not answer any more; the others end with 138. Without it workers end well, or with
 * `--wait` when a signal comes. What they print begins with `worker R`. With `--nnodes MIN:MAX --endpoint HOST:PORT` it is one
 * machine of several, with one worker.
 */
import { parseArgs } from 'node:util';
import { supervise } from '../../src/cli/supervisor.ts';
import { UserError } from '../../src/runtime/errors.ts';

const { values } = parseArgs({
  options: {
    fail: { type: 'string' },
    wait: { type: 'boolean' },
    restarts: { type: 'string', default: '0' },
    run: { type: 'string' },
    nnodes: { type: 'string' },
    endpoint: { type: 'string', default: '' },
  },
});

if (process.env.TF_CONFIG && process.send) await work();
else await lead();

async function lead() {
  const { fail, wait, restarts, nnodes, endpoint } = values;
  const waits = wait ? ['--wait'] : [];
  const [min, max] = (nnodes ?? '').split(':').map(Number);
  try {
    process.exitCode = await supervise({
      workers: nnodes ? 1 : 2,
      maxRestarts: Number(restarts),
      nodes: nnodes ? { min, max, endpoint } : undefined,
      args: (run) => [...waits, ...(run ? ['--run', run] : fail ? ['--fail', fail] : [])],
      reporter: { info: console.error, warn: (message) => console.error(`Warning: ${message}`) },
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = error.details.exitStatus ?? 70;
  }
}

async function work() {
  const { cluster, task } = JSON.parse(process.env.TF_CONFIG ?? '');
  const rank: number = task.index;
  const say = (text: string) => console.error(`worker ${rank} ${text}`);
  say(
    `${values.run ?? 'begins'}, ${cluster.worker.length} addresses, ${process.env.TF_NUM_INTRAOP_THREADS} threads`,
  );
  console.log(`worker ${rank} prints`);
  if (rank === 0) await new Promise((sent) => process.send?.({ run: 'runs/00001-x', commonBatch: 4 }, sent));
  const [failing, how] = values.fail?.split(':') ?? [];
  if (failing === undefined && !values.wait) process.exit(0);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGUSR1'] as const)
    process.on(name, () => {
      say(`got ${name}`);
      if (name !== 'SIGUSR1') process.exit(name === 'SIGTERM' ? 143 : 130);
    });
  process.on('disconnect', () => process.exit(143));
  say('works');
  if (failing === undefined) setInterval(() => {}, 1000);
  else if (Number(failing) !== rank) process.exit(138);
  else if (how === 'stop') process.kill(process.pid, 'SIGSTOP');
  else if (how.startsWith('SIG')) process.kill(process.pid, how);
  else process.exit(Number(how));
}
