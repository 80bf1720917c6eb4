/** The npm packages: whether node_modules is what the lock file says, and installing it. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isPackage } from '../../src/runtime/installation.mjs';
import { SetupError } from './errors.mjs';
import { homeFor } from './home.mjs';
import { which } from './platform.mjs';
import { runLogged, tellingLines } from './run-logged.mjs';

/**
 * @typedef {{version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[], link?: boolean}} LockEntry
 * @param {string} path a lock file
 * @returns {Record<string, LockEntry>} its entries by folder
 */
const entries = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/**
 * The packages that the lock file asks for and node_modules has not, or has in another version. Packages for other
 * platforms do not count, nor does what only such packages depend on.
 *
 * @param {import('./paths.mjs').Paths} paths
 * @param {{platform: string, arch: string}} machine
 * @returns {string[]} folders, for example `node_modules/sharp`
 */
export function missingNpmPackages({ lockFile, modules }, { platform, arch } = process) {
  const installedFile = join(modules, '.package-lock.json');
  const wanted = entries(lockFile);
  const installed = existsSync(installedFile) ? entries(installedFile) : {};
  const isForHere = (/** @type {LockEntry} */ { optional, os, cpu, libc }) =>
    !optional || (os?.includes(platform) && cpu?.includes(arch) && (libc ?? ['glibc']).includes('glibc'));
  return Object.keys(wanted).filter(
    (folder) => folder && isForHere(wanted[folder]) && installed[folder]?.version !== wanted[folder].version,
  );
}

/**
 * The npm that started us, or the one on PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} program and first arguments; empty where there is none
 */
export function findNpm(env = process.env) {
  const running = env.npm_execpath;
  if (running && basename(running) === 'npm-cli.js' && existsSync(running))
    return [process.execPath, running];
  const npm = which('npm', env);
  return npm ? [npm] : [];
}

/**
 * Installs exactly what the lock file says, in a folder of its own, and then puts it in the place of node_modules.
 * No package's install scripts run, and neither does ours named `prepare`, whatever the user's npm settings are.
 *
 * @param {import('./paths.mjs').Paths} paths
 * @param {NodeJS.ProcessEnv} env
 */
export async function installNpmPackages(paths, env = process.env) {
  const { root, lockFile, modules, temporary, logs } = paths;
  const fresh = join(temporary, 'npm');
  mkdirSync(fresh, { recursive: true });
  copyFileSync(lockFile, join(fresh, 'package-lock.json'));
  if (isPackage(root)) {
    // npm ci wants both files to ask for the same: for the engine's packages, not for the whole program's.
    writeFileSync(join(fresh, 'package.json'), JSON.stringify(entries(lockFile)['']));
  } else {
    for (const name of ['package.json', '.npmrc']) copyFileSync(join(root, name), join(fresh, name));
  }
  const [npm, ...npmArgs] = findNpm(env);
  const log = join(logs, 'npm.log');
  const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const { ok, status } = await runLogged(npm, [...npmArgs, ...args, '--loglevel=warn', '--no-progress'], {
    log,
    cwd: fresh,
    env: { ...env, ...homeFor(paths, env) },
  });
  if (!ok) {
    throw new SetupError('The npm packages could not be installed.', {
      where: log,
      expected: 'npm ci to succeed',
      got: `${status}:${tellingLines(log)}`,
      fix: 'check the network connection and npm\'s settings for registry and proxy ("npm config list"), then run the command again',
    });
  }
  try {
    if (existsSync(modules)) renameSync(modules, join(temporary, 'npm-old'));
    renameSync(join(fresh, 'node_modules'), modules);
  } catch (error) {
    throw new SetupError('node_modules could not be replaced.', {
      where: modules,
      expected: 'a folder that can be renamed',
      got: String(error),
      fix: 'check its permissions; it must not be a link or a mount of its own',
      cause: error,
    });
  }
  const missing = missingNpmPackages(paths);
  if (missing.length > 0) {
    throw new SetupError('npm left packages out.', {
      where: log,
      expected: `every package of ${basename(lockFile)} for this platform`,
      got: `missing: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', ...' : ''}`,
      fix: 'check the network connection and that npm\'s settings ("npm config list") do not omit packages',
    });
  }
}
