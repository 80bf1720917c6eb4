/** Where npm and pip keep their caches and logs. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Variables that give programs a folder of the user in the checkout, where the user has none that can be written, as in many
 * containers; otherwise none. What they keep there goes when set-up is done.
 *
 * @param {import('./paths.mjs').Paths} paths
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>}
 */
export function homeFor({ temporary }, env = process.env) {
  try {
    accessSync(env.HOME || homedir(), constants.W_OK);
    return {};
  } catch {
    const home = join(temporary, 'home');
    mkdirSync(home, { recursive: true });
    return { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), npm_config_cache: join(home, 'npm') };
  }
}
