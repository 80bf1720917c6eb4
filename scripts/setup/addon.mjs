/**
 * tfjs-node's addon, compiled from the sources in its npm package and those in `native/`, which add what it lacks,
 * against TensorFlow's library from the Python wheel.
 * Each engine keeps its own; a link in node_modules, where tfjs-node looks, points to the one in use.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SetupError } from './errors.mjs';
import { which } from './platform.mjs';
import { runLogged, tellingLines } from './run-logged.mjs';

/**
 * @typedef {import('./platform.mjs').Engine} Engine
 * @typedef {import('./paths.mjs').Paths} Paths
 */

/**
 * The compiler's arguments, except for the output. The library is found relative to the addon, so that a checkout can
 * be moved.
 *
 * @param {Paths} paths
 * @param {Engine} engine
 * @param {string} platform as process.platform
 * @param {string[]} libraries see Target
 */
function compilerArguments({ root, modules, tfjs, home }, engine, platform, libraries) {
  const tensorflow = join(home(engine), 'tensorflow');
  const linker =
    platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path/tensorflow']
      : ['-Wl,-rpath,$ORIGIN/tensorflow'];
  return [
    ...['-O2', '-std=c++17', '-w', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...[join(modules, 'node-api-headers/include'), dirname(tfjs), join(tensorflow, 'include')].map(
      (dir) => `-I${dir}`,
    ),
    ...['-include', join(root, 'native/hooks.h')],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tfjs, 'binding', file)),
    ...['functions.cc', 'collectives.cc', 'profiler.cc'].map((file) => join(root, 'native', file)),
    ...libraries.map((file) => join(tensorflow, file)),
    ...linker,
  ];
}

/**
 * Where the addon for this engine belongs. Its name changes with its sources, the library's version and the way it is
 * compiled.
 *
 * @param {Paths} paths
 * @param {Engine} engine
 * @param {string} platform
 * @param {string[]} libraries
 * @param {string} version of TensorFlow
 */
export function addonPath(paths, engine, platform, libraries, version) {
  const hash = createHash('sha256').update(version);
  for (const argument of compilerArguments(paths, engine, platform, libraries)) {
    // The same wherever a clone or the cache lies.
    const placed = argument.replace(paths.modules, '/node_modules').replace(paths.deps, '/.deps');
    hash.update(`${placed.replace(paths.root, '')}\n`);
  }
  for (const sources of [join(paths.tfjs, 'binding'), join(paths.root, 'native')])
    for (const name of existsSync(sources) ? readdirSync(sources).sort() : [])
      hash.update(name).update(readFileSync(join(sources, name)));
  return join(paths.home(engine), `tfjs_binding-${hash.digest('hex').slice(0, 12)}.node`);
}

/**
 * The C++ compiler: $CXX (which may carry arguments), or the first on PATH of c++, g++ and clang++.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {{compiler: string[]} | {problem: SetupError}}
 */
export function findCompiler(env = process.env) {
  const fix =
    'install one (Debian, Ubuntu: "sudo apt install g++"; Fedora: "sudo dnf install gcc-c++"; macOS: "xcode-select --install"), or set CXX to yours';
  if (env.CXX?.trim()) {
    const [program, ...args] = env.CXX.trim().split(/\s+/);
    if (which(program, env)) return { compiler: [program, ...args] };
    return {
      problem: new SetupError('The C++ compiler named by CXX was not found.', {
        where: 'environment variable CXX',
        expected: 'a program on PATH, or its path',
        got: env.CXX,
        fix: `unset CXX to use c++, g++ or clang++; ${fix}`,
      }),
    };
  }
  const found = ['c++', 'g++', 'clang++'].find((name) => which(name, env));
  if (found) return { compiler: [found] };
  return {
    problem: new SetupError('No C++ compiler was found.', {
      where: 'PATH',
      expected: 'c++, g++ or clang++ (C++17), to build the bridge between Node and TensorFlow',
      got: 'no such program',
      fix,
    }),
  };
}

const NOEXEC_FIX =
  'nothing in this folder may be run, as its mount has the option noexec ("findmnt -T ." shows it): clone the project to another one, for example below your home folder, or name another one for the npm package by DPS_CACHE';

/**
 * Whether programs in a folder may run.
 *
 * @param {string} folder
 * @returns {SetupError | undefined} what is wrong
 */
export function execProblem(folder) {
  if (process.platform === 'win32') return undefined;
  const program = join(folder, 'may-run');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const { error } = spawnSync(program);
  rmSync(program, { force: true });
  if (/** @type {NodeJS.ErrnoException | undefined} */ (error)?.code !== 'EACCES') return undefined;
  return new SetupError('Programs in this folder may not run.', {
    where: folder,
    expected: 'a mount without the option noexec, as esbuild and the addon of TensorFlow are programs',
    got: String(error),
    fix: NOEXEC_FIX,
  });
}

/**
 * Loads an addon in a process of its own, since a bad one takes its process with it.
 *
 * @param {string} addon
 * @throws {SetupError} if it does not load
 */
function checkLoads(addon) {
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', addon], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', TF_FORCE_GPU_ALLOW_GROWTH: 'true' },
    encoding: 'utf8',
  });
  if (status === 0) return;
  const reason = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split('\n').at(-1);
  throw new SetupError('TensorFlow does not load on this machine.', {
    where: addon,
    expected: 'the addon to load in Node',
    got: signal ? `the process ended by ${signal}` : reason,
    fix: /failed to map segment|Operation not permitted/.test(reason ?? '')
      ? NOEXEC_FIX
      : signal === 'SIGILL'
        ? "TensorFlow's wheels need a processor with AVX: use another machine"
        : `delete the folder ${dirname(addon)} and run the command again; if that does not help, report this message`,
  });
}

/**
 * Compiles the addon, tries it, and puts it in place.
 *
 * @param {Paths} paths
 * @param {{engine: Engine, platform: string, libraries: string[], addon: string, compiler: string[]}} options
 */
export async function buildAddon(
  paths,
  { engine, platform, libraries, addon, compiler: [program, ...flags] },
) {
  // Beside its final place, since it looks for the library relative to where it lies.
  const fresh = join(dirname(addon), 'tfjs_binding-new.node');
  const log = join(paths.logs, 'compiler.log');
  const args = [...flags, ...compilerArguments(paths, engine, platform, libraries), '-o', fresh];
  const { ok, status } = await runLogged(program, args, { log });
  if (!ok) {
    throw new SetupError("tfjs-node's addon could not be compiled.", {
      where: log,
      expected: 'a compiler for C++17 (g++ 9, clang 9 or newer) with its standard library',
      got: `${program}: ${status}:${tellingLines(log)}`,
      fix: 'install or upgrade the compiler (Debian, Ubuntu: "sudo apt install g++"), or set CXX to another one',
    });
  }
  checkLoads(fresh);
  renameSync(fresh, addon);
  for (const name of readdirSync(dirname(addon))) {
    const path = join(dirname(addon), name);
    if (/^tfjs_binding-.*\.node$/.test(name) && path !== addon) rmSync(path);
  }
}

const linkTarget = (/** @type {Paths} */ paths, /** @type {string} */ addon) =>
  relative(dirname(paths.addonLink), addon);

/**
 * Whether tfjs-node finds that addon.
 *
 * @param {Paths} paths
 * @param {string} addon
 */
export function isLinked(paths, addon) {
  try {
    return readlinkSync(paths.addonLink) === linkTarget(paths, addon);
  } catch {
    return false;
  }
}

/**
 * Makes tfjs-node find that addon.
 *
 * @param {Paths} paths
 * @param {string} addon
 */
export function linkAddon(paths, addon) {
  mkdirSync(dirname(paths.addonLink), { recursive: true });
  const fresh = `${paths.addonLink}.new`;
  rmSync(fresh, { force: true });
  symlinkSync(linkTarget(paths, addon), fresh);
  renameSync(fresh, paths.addonLink);
}
