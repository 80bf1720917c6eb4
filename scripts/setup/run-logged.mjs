/** Runs the programs that set-up uses, their output kept in a log file. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Of a failed program's log an error message quotes this much. */
const SHOWN_LINES = 6;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends the programs that are running, for when set-up itself is interrupted. */
export function stopRunning() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a program to its end; its output and errors go to the log file, which is begun anew.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{log: string, cwd?: string, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<{ok: boolean, status: string}>} `status` in words
 */
export function runLogged(program, args, { log, cwd, env }) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'w');
  writeSync(output, `$ ${[program, ...args].join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', output, output] });
    running.add(child);
    const finish = (/** @type {boolean} */ ok, /** @type {string} */ status) => {
      if (!running.delete(child)) return;
      closeSync(output);
      resolve({ ok, status });
    };
    child.on('error', (error) => finish(false, error.message));
    child.on('close', (code, signal) =>
      finish(code === 0, signal ? `ended by ${signal}` : `exit status ${code}`),
    );
  });
}

/**
 * Runs a program that answers at once.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} what it printed, or undefined if it is missing or failed
 */
export function ask(program, args, env) {
  const { status, stdout } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 60_000 });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The telling lines of a failed program's log, indented for an error message: those from the first that speaks of an
 * error on, or else the last ones.
 *
 * @param {string} log
 */
export function tellingLines(log) {
  const lines = readFileSync(log, 'utf8')
    .split('\n')
    .slice(1)
    .filter((line) => /\w/.test(line.replace(/^npm \w+/, '')) && !/^(npm error)?\s+at /.test(line));
  const first = lines.findIndex((line) => /\berror\b/i.test(line));
  const telling = first < 0 ? lines.slice(-SHOWN_LINES) : lines.slice(first, first + SHOWN_LINES);
  return telling.length
    ? telling.map((line) => `\n              ${line.trimEnd().slice(0, 200)}`).join('')
    : ' (it said nothing)';
}
