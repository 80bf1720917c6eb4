/** Starts programs in the place of this one: same terminal, same exit status, signals passed on. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { startedByNohup } from '../src/runtime/nohup.mjs';
import { ROOT } from './setup/paths.mjs';

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
/**
 * npm passes a signal on although the terminal may have sent it to every process already; one arrival is enough. Our
 * commands take the second of two of a kind for the same one, too (src/cli/interrupt.ts).
 */
const SAME_SIGNAL_MS = 1_000;

/**
 * Runs Node and waits for its end. If a signal ends it, ends this process by the same one.
 *
 * @param {readonly string[]} args Node's arguments
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [cwd] the checkout's folder by default
 * @returns {Promise<number>} exit status
 */
export function startCommand(args, env = process.env, cwd = ROOT) {
  const child = spawn(process.execPath, args, { cwd, env, stdio: 'inherit' });
  /** @type {Map<string, number>} */
  const lastPassed = new Map();
  const passOn = (/** @type {NodeJS.Signals} */ signal) => {
    if (signal === 'SIGHUP' && startedByNohup()) return;
    const now = performance.now();
    if (now - (lastPassed.get(signal) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS) return;
    lastPassed.set(signal, now);
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      if (signal) process.kill(process.pid, signal);
      // The first process of a container lives on after its own signal.
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1));
    });
  });
}
