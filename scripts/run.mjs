/**
 * The entry of every npm script: `node scripts/run.mjs COMMAND [arguments]`. Sets up what is missing, then starts the
 * command. Runs on plain Node, with nothing installed.
 */

import { isSetupError } from './setup/errors.mjs';
import { checkNode, supportedNodeRange } from './setup/node-version.mjs';

/** npm runs a script named `prepare` by itself when it installs or packs; ours is a command, for users only. */
const startedByInstall = () =>
  process.env.npm_lifecycle_event === 'prepare' &&
  !['run', 'run-script'].includes(process.env.npm_command ?? 'run');

/** Commands that examine the program are programs of their own; all others are in one. */
const PROGRAMS = new Map([
  ['parity', 'test/parity/main.ts'],
  ['chaos', 'test/chaos/main.ts'],
  ['bench', 'bench/main.ts'],
]);

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>} exit status
 */
async function main(command, args) {
  const verbose = args.includes('--verbose');
  const report = (/** @type {Error} */ error) => console.error(verbose ? error.stack : error.message);
  try {
    checkNode(process.version, supportedNodeRange());
  } catch (error) {
    report(/** @type {Error} */ (error));
    return 1;
  }
  const { setUp } = await import('./setup/setup.mjs');
  const { startCommand } = await import('./start.mjs');
  /** @type {Error | undefined} */
  let failure;
  try {
    await setUp();
  } catch (error) {
    if (!isSetupError(error)) throw error;
    failure = /** @type {Error} */ (error);
    report(failure);
  }
  if (command === 'doctor' && !args.includes('--help')) {
    const { overview } = await import('./setup/overview.mjs');
    for (const [label, text] of overview()) console.log(`${label.padEnd(16)}${text}`);
  }
  if (command === 'test') {
    const { runTests } = await import('./tests.mjs');
    return runTests(args, failure);
  }
  if (failure) return 1;
  const { TOOLS } = await import('./tools.mjs');
  if (command in TOOLS) {
    for (const [tool, ...flags] of TOOLS[command]) {
      const status = await startCommand([tool, ...flags, ...args]);
      if (status !== 0) return status;
    }
    return 0;
  }
  // tfjs-node calls util.isNullOrUndefined, which newer versions of Node warn of.
  const nodeFlags = ['--disable-warning=DEP0051', '--import', 'tsx'];
  const program = PROGRAMS.get(command) ?? 'src/cli/main.ts';
  return startCommand([...nodeFlags, program, command, ...args]);
}

const [command = '--help', ...args] = process.argv.slice(2);
process.exitCode = startedByInstall() ? 0 : await main(command, args);
