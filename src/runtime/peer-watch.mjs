/**
 * A thread that looks whether a worker still reaches the machines of all others. The process itself cannot: while it waits
 * for them in TensorFlow's collective operations it does nothing else. When a machine is out of reach the thread ends the
 * process, which every other worker notices. What became of processes on machines that answer is not its business.
 */
import { writeSync } from 'node:fs';
import { connect } from 'node:net';
import { workerData } from 'node:worker_threads';

/** @type {{ peers: { name: string, host: string, port: number }[], timeoutMs: number, periodMs: number }} */
const { peers, timeoutMs, periodMs } = workerData;

/** So many connections in a row may fail: a busy machine may take one for late that is not. */
const MOST_FAILURES = 1;
/** Nobody answers for the machine. A name that is not known for a moment says nothing of it. */
const OUT_OF_REACH = /^(E(HOST|NET)UNREACH|E(HOST|NET)DOWN|ETIMEDOUT)$/;

/** @param {typeof peers[number]} peer @param {number} failures in a row */
function look(peer, failures) {
  const socket = connect({ host: peer.host, port: peer.port, timeout: timeoutMs });
  /** @param {string} [problem] */
  const looked = (problem) => {
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.destroy();
    if (problem && failures >= MOST_FAILURES) end(peer, problem);
    setTimeout(look, periodMs, peer, problem ? failures + 1 : 0);
  };
  socket.once('connect', () => looked());
  socket.once('timeout', () => looked(`no answer in ${timeoutMs / 1000} s`));
  socket.once('error', (/** @type {NodeJS.ErrnoException} */ { code = '', message }) =>
    looked(OUT_OF_REACH.test(code) ? message : undefined),
  );
}

/** @param {typeof peers[number]} peer @param {string} problem */
function end({ name }, problem) {
  const lines = [
    'The machine of another worker cannot be reached.',
    `  where:    ${name}`,
    '  expected: all workers to reach each other until the end',
    `  got:      ${problem}`,
    '  fix:      look at the network; start all workers again with --resume to go on from the last checkpoint',
  ];
  writeSync(2, `${lines.join('\n')}\n`);
  // Nothing else ends a process that is busy in one call.
  process.kill(process.pid, 'SIGKILL');
}

for (const peer of peers) look(peer, 0);
