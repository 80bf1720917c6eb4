/** Where set-up keeps things: in one folder, and in a clone in node_modules beside it. */
import { join } from 'node:path';
import { depsFolder, isPackage, ROOT } from '../../src/runtime/installation.mjs';

export { ROOT };

/** @typedef {ReturnType<typeof pathsIn>} Paths */

/**
 * @param {string} root folder of a clone or of the npm package
 * @param {NodeJS.ProcessEnv} env
 */
export function pathsIn(root, env = process.env) {
  const deps = depsFolder(root, env);
  const inPackage = isPackage(root);
  const modules = join(inPackage ? deps : root, 'node_modules');
  const tfjs = join(modules, '@tensorflow/tfjs-node-gpu');
  return {
    root,
    deps,
    /** Half-made things; emptied when a set-up begins. */
    temporary: join(deps, 'tmp'),
    logs: join(deps, 'logs'),
    lock: join(deps, 'lock'),
    /** The npm packages that set-up installs. npm has installed the others of the package. */
    lockFile: join(root, inPackage ? 'dist/engine-lock.json' : 'package-lock.json'),
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
