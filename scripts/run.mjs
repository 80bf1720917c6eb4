#!/usr/bin/env node
/**
 * The entry of every npm script, `node scripts/run.mjs COMMAND [arguments]`, and of the npm package's command `dps`. Sets up
 * what is missing, then starts the command. Runs on plain Node, with nothing installed.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isPackage } from '../src/runtime/installation.mjs';
import { modelFile } from '../src/runtime/model-file.mjs';
import { outliveTerminal } from '../src/runtime/terminal.mjs';
import { isSetupError, SetupError } from './setup/errors.mjs';
import { checkNode, supportedNodeRange } from './setup/node-version.mjs';
import { ROOT } from './setup/paths.mjs';

/**
 * Package managers run a script named `prepare` by themselves when they install or pack; ours is a command, for users
 * only. npm and pnpm say what they do in npm_command, Bun only when it runs a script, Yarn 1 in npm_config_argv.
 */
function startedByInstall() {
  const { npm_command, npm_config_argv, npm_config_user_agent } = process.env;
  if (npm_command) return !['run', 'run-script'].includes(npm_command);
  if (npm_config_argv) return !JSON.parse(npm_config_argv).cooked.includes('run');
  return npm_config_user_agent?.startsWith('bun/') ?? false;
}

/**
 * Where the user stands. Package managers start scripts in the checkout and say in INIT_CWD where they were started.
 *
 * @param {string} command
 */
function userFolder(command) {
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  if (process.cwd() !== ROOT || npm_lifecycle_event !== command) return process.cwd();
  return INIT_CWD && existsSync(INIT_CWD) ? INIT_CWD : ROOT;
}

/** Commands of a clone that examine, show or build the program are programs of their own; all others are in one. */
const PROGRAMS = new Map([
  ['parity', 'test/parity/main.ts'],
  ['chaos', 'test/chaos/main.ts'],
  ['faults', 'test/faults/main.ts'],
  ['bench', 'bench/main.ts'],
  ['gallery', 'scripts/gallery/main.ts'],
  ['docs', 'scripts/docs.ts'],
  ['build', 'scripts/build.ts'],
  ['api-report', 'scripts/api-report.ts'],
]);

/** What a checkpoint is needed for, where `infer` takes ONNX as well. */
const OF_CHECKPOINTS = ['edit', 'evaluate', 'export'];

/**
 * Told before set-up, which would be in vain.
 *
 * @param {string} command
 * @param {string} model
 */
const takesCheckpoint = (command, model) =>
  new SetupError(`${command} takes a checkpoint, not an ONNX file.`, {
    where: model,
    expected: '--checkpoint RUN, or a folder with manifest.json and safetensors',
    got: 'an ONNX file, as models ship in the npm package',
    fix: [
      `take the model's folder from the repository (pretrained/) and name it: npx dps ${command} --checkpoint FOLDER`,
      '            or use it as it is: npx dps infer --help',
    ].join('\n'),
  });

/**
 * @param {string} flag
 * @param {string[]} args
 */
function flagValue(flag, args) {
  const at = args.indexOf(flag);
  if (at >= 0) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1);
}

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
  const { startCommand } = await import('./start.mjs');
  // The package's help needs nothing that is not installed.
  if (isPackage() && asksForHelp(command, args))
    return startCommand(programOf(command, args), process.env, process.cwd());
  const model = isPackage() ? modelFile(flagValue('--checkpoint', args)) : undefined;
  if (model && command === 'infer') return startCommand(programOf(command, args), process.env, process.cwd());
  if (model && OF_CHECKPOINTS.includes(command)) {
    report(takesCheckpoint(command, model));
    return 1;
  }
  const { setUp } = await import('./setup/setup.mjs');
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
  if (command === 'test' && !isPackage()) {
    const { runTests } = await import('./tests.mjs');
    return runTests(args, failure);
  }
  if (failure) return 1;
  if (isPackage()) return startCommand(programOf(command, args), process.env, process.cwd());
  const { TOOLS } = await import('./tools.mjs');
  if (command in TOOLS) {
    for (const [tool, ...flags] of TOOLS[command]) {
      const status = await startCommand([tool, ...flags, ...args]);
      if (status !== 0) return status;
    }
    return 0;
  }
  // tsx would take the tsconfig.json of the folder where the user stands.
  const env = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') };
  return startCommand(programOf(command, args), env, userFolder(command));
}

/**
 * Node's arguments for a command: of a clone in TypeScript, of the package in JavaScript.
 *
 * @param {string} command
 * @param {string[]} args
 */
function programOf(command, args) {
  // tfjs-node calls util.isNullOrUndefined, which newer versions of Node warn of.
  const flags = ['--disable-warning=DEP0051'];
  if (isPackage()) return [...flags, join(ROOT, 'dist/cli/main.js'), command, ...args];
  const program = join(ROOT, PROGRAMS.get(command) ?? 'src/cli/main.ts');
  return [...flags, '--import', import.meta.resolve('tsx'), program, command, ...args];
}

/**
 * @param {string} command
 * @param {string[]} args
 */
const asksForHelp = (command, args) => [command, ...args].some((word) => word === '--help' || word === '-h');

outliveTerminal();
const [command = '--help', ...given] = process.argv.slice(2);
// pnpm and others pass the `--` on that npm takes away.
const args = given.filter((arg) => arg !== '--');
const isNoCommand = command === 'prepare' && !isPackage() && startedByInstall();
process.exitCode = isNoCommand ? 0 : await main(command, args);
