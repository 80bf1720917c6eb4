/**
 * Where the program lies, and what set-up installs for it: in a clone in `.deps` and `node_modules`, for the npm package in a
 * cache of the user's. Plain JavaScript, because set-up runs before anything is installed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone or of the installed package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * Whether a folder holds the npm package, built and packed. A clone has the lock file, too, which npm never packs.
 *
 * @param {string} root
 */
export const isPackage = (root = ROOT) =>
  !existsSync(join(root, 'package-lock.json')) && existsSync(join(root, 'dist/engine-lock.json'));

/**
 * The folder for what set-up installs. Projects share the cache of one version of the package; another version has its own,
 * as it may need other libraries.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env DPS_CACHE moves the cache
 */
export function depsFolder(root = ROOT, env = process.env) {
  if (!isPackage(root)) return join(root, '.deps');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return join(cacheFolder(env), version);
}

/** @param {NodeJS.ProcessEnv} env */
function cacheFolder(env) {
  if (env.DPS_CACHE) return resolve(env.DPS_CACHE);
  const home = env.HOME || homedir();
  const usual = process.platform === 'darwin' ? join(home, 'Library/Caches') : join(home, '.cache');
  return join(env.XDG_CACHE_HOME || usual, 'deep-plastic-surgery');
}

/** `require` for the npm packages that the native engine is made of: tfjs-node and what must share its TensorFlow.js. */
export const requireFromEngine = createRequire(join(isPackage() ? depsFolder() : ROOT, 'package.json'));
