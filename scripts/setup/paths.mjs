/** Where set-up keeps things. Everything but node_modules lies in one folder that git ignores. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {ReturnType<typeof pathsIn>} Paths */

/** The folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** @param {string} root folder of a checkout */
export function pathsIn(root) {
  const deps = join(root, '.deps');
  const modules = join(root, 'node_modules');
  const tfjs = join(modules, '@tensorflow/tfjs-node-gpu');
  return {
    root,
    deps,
    /** Half-made things; emptied when a set-up begins. */
    temporary: join(deps, 'tmp'),
    logs: join(deps, 'logs'),
    lock: join(deps, 'lock'),
    modules,
    tfjs,
    /** Where tfjs-node looks for its addon. */
    addonLink: join(tfjs, 'lib/napi-v8/tfjs_binding.node'),
    /**
     * @param {import('./packages.mjs').PythonPackage['home']} home
     * @returns the folder that holds the packages of that home as `pip install --target` lays them out
     */
    home: (home) => (home === 'python' ? join(deps, 'python') : join(deps, 'engines', home)),
  };
}
