/** Starts programs in the place of this one: same terminal, same exit status, signals passed on. */
import { spawn } from 'node:child_process';
import { ROOT } from './setup/paths.mjs';

/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm passes a signal on although the terminal may have sent it to every process already; one arrival is enough. */
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
    // A terminal's Ctrl-C has reached the child by itself, and a second one would look like an impatient user's.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    if (Date.now() - (lastPassed.get(signal) ?? 0) < SAME_SIGNAL_MS) return;
    lastPassed.set(signal, Date.now());
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of SIGNALS) process.off(name, passOn);
      if (signal) process.kill(process.pid, signal);
      else resolve(code ?? 1);
    });
  });
}
