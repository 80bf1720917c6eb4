/**
 * Brings a clone, or the npm package, to where its commands can run: npm packages, Python packages, the compiled addon. What is done is
 * read off the files themselves, so nothing is done twice, an interrupted set-up goes on where it stopped, and one
 * with nothing to do costs a few milliseconds.
 */
import { existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { isPackage } from '../../src/runtime/installation.mjs';
import { startedByNohup } from '../../src/runtime/nohup.mjs';
import { addonPath, buildAddon, execProblem, findCompiler, isLinked, linkAddon } from './addon.mjs';
import { SetupError, SetupErrors } from './errors.mjs';
import { takeLock } from './lock.mjs';
import { findNpm, installNpmPackages, missingNpmPackages } from './npm.mjs';
import { packagesFor } from './packages.mjs';
import { pathsIn, ROOT } from './paths.mjs';
import { checkLibc, chooseEngine, findTarget } from './platform.mjs';
import { showStep } from './progress.mjs';
import { findPython, hasPythonPackage, installPythonPackage } from './python.mjs';
import { stopRunning } from './run-logged.mjs';

/** All of a clone; of the npm package, those of the engine alone. */
const NPM_PACKAGES_MB = { clone: 600, package: 350 };

/**
 * @typedef {object} Tools what steps run, found beforehand
 * @property {string} python
 * @property {string[]} compiler
 *
 * @typedef {object} Step
 * @property {string} title
 * @property {string} [effort] what it takes, for whoever waits
 * @property {'npm' | 'python' | 'compiler' | 'nothing'} needs
 * @property {number} diskMb what it takes on disk, unpacked
 * @property {number} [downloadMb] what it takes besides while it runs
 * @property {() => boolean} isDone
 * @property {(tools: Tools) => Promise<void> | void} run
 */

/**
 * What a clone or the npm package on this machine consists of: the engine and the steps that lead to it.
 *
 * @param {string} [root]
 * @param {{platform: string, arch: string, env: NodeJS.ProcessEnv}} [machine]
 */
export function plan(root = ROOT, { platform, arch, env } = process) {
  const paths = pathsIn(root, env);
  const target = findTarget(platform, arch);
  const { engine, reason } = chooseEngine(target, env);
  const targetId = `${platform}-${arch}`;
  const packages = packagesFor(targetId, engine);
  const version = packages.find(({ name }) => name.startsWith('tensorflow'))?.version ?? '';
  const addon = () => addonPath(paths, engine, platform, target.libraries, version);
  /** @type {Step[]} */
  const steps = [
    {
      title: 'npm packages',
      needs: 'npm',
      diskMb: NPM_PACKAGES_MB[isPackage(root) ? 'package' : 'clone'],
      isDone: () => missingNpmPackages(paths, { platform, arch }).length === 0,
      run: () => installNpmPackages(paths, env),
    },
    ...packages.map((pkg) => ({
      title: `${pkg.name} ${pkg.version}`,
      effort: `${pkg.download} MB to download`,
      needs: /** @type {const} */ ('python'),
      diskMb: pkg.unpacked,
      downloadMb: pkg.download,
      isDone: () => hasPythonPackage(paths, pkg),
      run: (/** @type {Tools} */ { python }) =>
        installPythonPackage(paths, pkg, { python, targetId, wheelPlatforms: target.wheelPlatforms, env }),
    })),
    {
      title: "tfjs-node's addon",
      effort: 'compiling, and a try whether it loads',
      needs: 'compiler',
      diskMb: 1,
      isDone: () => existsSync(addon()),
      run: ({ compiler }) =>
        buildAddon(paths, { engine, platform, libraries: target.libraries, addon: addon(), compiler }),
    },
    {
      title: `the ${engine} engine linked into tfjs-node`,
      needs: 'nothing',
      diskMb: 0,
      isDone: () => isLinked(paths, addon()),
      run: () => linkAddon(paths, addon()),
    },
  ];
  return { paths, target, engine, reason, steps };
}

/**
 * Looks for everything that the steps need, before any of them begins.
 *
 * @param {Step[]} steps
 * @param {{paths: import('./paths.mjs').Paths, env?: NodeJS.ProcessEnv, freeMb?: () => number}} options
 * @returns {Tools}
 * @throws {SetupErrors} with everything that is missing
 */
export function preflight(steps, { paths, env = process.env, freeMb }) {
  const needs = new Set(steps.map((step) => step.needs));
  const problems = [];
  const tools = { python: '', compiler: [''] };
  if (needs.has('npm') && findNpm(env).length === 0) {
    problems.push(
      new SetupError('npm was not found.', {
        where: 'PATH',
        expected: 'the npm that comes with Node.js',
        got: 'no such program',
        fix: 'install it (Debian, Ubuntu: "sudo apt install npm"), or take Node.js with npm from https://nodejs.org',
      }),
    );
  }
  if (needs.has('python')) {
    const found = findPython(env);
    if ('problem' in found) problems.push(found.problem);
    else tools.python = found.python;
  }
  if (needs.has('compiler')) {
    const found = findCompiler(env);
    if ('problem' in found) problems.push(found.problem);
    else tools.compiler = found.compiler;
  }
  const wanted =
    steps.reduce((sum, step) => sum + step.diskMb, 0) +
    Math.max(0, ...steps.map((step) => step.downloadMb ?? 0));
  const free = (freeMb ?? (() => freeSpaceMb(existsSync(paths.deps) ? paths.deps : paths.root)))();
  if (free < wanted) {
    problems.push(
      new SetupError('There is too little disk space for the set-up.', {
        where: `the disk that holds ${paths.deps}`,
        expected: `${(wanted / 1000).toFixed(1)} GB free`,
        got: `${(free / 1000).toFixed(1)} GB`,
        fix: 'free some space, or move this folder to a larger disk (that of the npm package by DPS_CACHE)',
      }),
    );
  }
  if (problems.length > 0) throw new SetupErrors(problems);
  return tools;
}

/** @param {string} folder @returns {number} MB that a user may still write there */
export function freeSpaceMb(folder) {
  const { bavail, bsize, blocks } = statfsSync(folder);
  // Some network and FUSE file systems do not say.
  return blocks === 0 ? Number.POSITIVE_INFINITY : (bavail * bsize) / 1e6;
}

/**
 * Does what is missing. Prints nothing when nothing is.
 *
 * @param {string} [root]
 * @throws {SetupError | SetupErrors}
 */
export async function setUp(root = ROOT) {
  const { paths, target, engine, reason, steps } = plan(root);
  const missing = () => steps.filter((step) => !step.isDone());
  if (missing().length === 0) return;
  checkLibc(process.platform);
  const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);
  const release = await takeLock(paths.lock, {
    onWait: (owner) =>
      say(
        `Another command${owner ? ` (process ${owner.pid} on ${owner.host})` : ''} is setting ${isPackage(root) ? paths.deps : 'this folder'} up; waiting for it.`,
      ),
  });
  const emptyTemporary = () => rmSync(paths.temporary, { recursive: true, force: true });
  const interrupted = (/** @type {NodeJS.Signals} */ signal) => {
    stopRunning();
    say(`\nSet-up interrupted; the next command goes on from here.`);
    release();
    process.exit(128 + constants.signals[signal]);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', ...(startedByNohup() ? [] : ['SIGHUP'])]);
  for (const name of signals) process.on(name, interrupted);
  try {
    const todo = missing();
    if (todo.length === 0) return;
    emptyTemporary();
    mkdirSync(paths.temporary, { recursive: true });
    const refused = execProblem(paths.temporary);
    if (refused) throw refused;
    const tools = preflight(todo, { paths });
    say(
      `Setting up on ${target.name}${target.tested ? '' : ' (untested)'} for the ${engine} engine (${reason})${isPackage(root) ? ` in ${paths.deps}` : ''}.`,
    );
    for (const [i, step] of todo.entries()) {
      const label = `[${i + 1}/${todo.length}] ${step.title}${step.effort ? ` (${step.effort})` : ''}`;
      await showStep({ label, folder: paths.temporary }, async () => step.run(tools));
    }
  } finally {
    emptyTemporary();
    release();
    for (const name of signals) process.off(name, interrupted);
  }
}
