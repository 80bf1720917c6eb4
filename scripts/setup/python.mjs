/**
 * The Python packages. pip only fetches and unpacks them into a folder of this checkout: the wheels are chosen for a
 * fixed Python, so any Python 3 with pip will do, and none of its own packages is touched.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';
import { which } from './platform.mjs';
import { ask, runLogged, tellingLines } from './run-logged.mjs';

/** @typedef {import('./packages.mjs').PythonPackage} PythonPackage */

/** From here on pip can install for a platform named by several tags. */
const OLDEST_PIP = [20, 3];

const distInfo = (/** @type {{name: string, version: string}} */ { name, version }) =>
  `${name.replaceAll('-', '_')}-${version}.dist-info`;

/**
 * Whether a package is there, complete: its metadata folder is put in place last.
 *
 * @param {import('./paths.mjs').Paths} paths
 * @param {PythonPackage} pkg
 */
export const hasPythonPackage = (paths, pkg) => existsSync(join(paths.home(pkg.home), distInfo(pkg)));

/**
 * Looks for a Python 3 with pip.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {typeof ask} answer runs a program and returns what it prints
 * @returns {{python: string} | {problem: SetupError}}
 */
export function findPython(env = process.env, answer = ask) {
  const python = ['python3', 'python']
    .map((name) => which(name, env))
    .find((path) => path && answer(path, ['-c', 'import sys; print(sys.version_info[0])'], env) === '3');
  if (!python) {
    return {
      problem: new SetupError('Python 3 was not found.', {
        where: 'PATH',
        expected: 'python3, whose pip fetches TensorFlow',
        got: 'no such program',
        fix: 'install it (Debian, Ubuntu: "sudo apt install python3 python3-pip"; Fedora: "sudo dnf install python3-pip"; macOS: "xcode-select --install")',
      }),
    };
  }
  const version = answer(python, ['-m', 'pip', '--version'], env);
  if (version === undefined) {
    return {
      problem: new SetupError('Python has no pip.', {
        where: python,
        expected: '"python3 -m pip" to run',
        got: 'no module named pip',
        fix: 'install it (Debian, Ubuntu: "sudo apt install python3-pip"; Fedora: "sudo dnf install python3-pip"; elsewhere: "python3 -m ensurepip --user")',
      }),
    };
  }
  const [major, minor] = (/^pip (\d+)\.(\d+)/.exec(version) ?? ['', '0', '0']).slice(1).map(Number);
  if (major < OLDEST_PIP[0] || (major === OLDEST_PIP[0] && minor < OLDEST_PIP[1])) {
    return {
      problem: new SetupError('pip is too old.', {
        where: python,
        expected: `pip ${OLDEST_PIP.join('.')} or newer`,
        got: version,
        fix: 'upgrade it: "python3 -m pip install --user --upgrade pip"',
      }),
    };
  }
  return { python };
}

/**
 * What a failed pip most likely died of.
 *
 * @param {string} log what pip printed
 */
export function explainPipFailure(log) {
  if (/DO NOT MATCH THE HASHES/i.test(log)) {
    return 'the package index served another file than the one this project was tested with; use https://pypi.org, or remove pip\'s cache ("python3 -m pip cache purge") and run the command again';
  }
  if (/No space left on device|Errno 28|Disk quota exceeded/i.test(log)) {
    return 'free some disk space and run the command again';
  }
  const unreachable = /connection broken|ConnectionError|name resolution|timed out|Timeout/i.test(log);
  if (!unreachable && /No matching distribution|Could not find a version/i.test(log)) {
    return 'the package index has no such wheel: use https://pypi.org ("python3 -m pip config list" shows which is set)';
  }
  return 'check the network connection and pip\'s settings for index and proxy ("python3 -m pip config list"), then run the command again; what was installed stays';
}

/**
 * Moves what pip unpacked into the package's home, replacing an older version; the metadata folder comes last.
 *
 * @param {string} unpacked
 * @param {string} home
 * @param {PythonPackage} pkg
 * @param {string} trash folder for what is replaced
 */
function moveIn(unpacked, home, pkg, trash) {
  // `nvidia` is a namespace that the CUDA packages share.
  const names = readdirSync(unpacked).flatMap((name) =>
    name === 'nvidia' ? readdirSync(join(unpacked, name)).map((child) => join(name, child)) : [name],
  );
  mkdirSync(join(home, names.some((name) => name.startsWith('nvidia')) ? 'nvidia' : ''), { recursive: true });
  mkdirSync(trash, { recursive: true });
  const discard = (/** @type {string} */ name) => {
    if (existsSync(join(home, name))) renameSync(join(home, name), join(trash, name.replace('/', '-')));
  };
  const stem = `${pkg.name.replaceAll('-', '_')}-`;
  for (const name of readdirSync(home)) {
    if (name.startsWith(stem) && name.endsWith('.dist-info')) discard(name);
  }
  for (const name of [...names.filter((name) => name !== distInfo(pkg)), distInfo(pkg)]) {
    discard(name);
    renameSync(join(unpacked, name), join(home, name));
  }
}

/**
 * Fetches a package and unpacks it into its home.
 *
 * @param {import('./paths.mjs').Paths} paths
 * @param {PythonPackage} pkg
 * @param {{python: string, targetId: string, wheelPlatforms: string[], env?: NodeJS.ProcessEnv}} options
 */
export async function installPythonPackage(
  paths,
  pkg,
  { python, targetId, wheelPlatforms, env = process.env },
) {
  const work = join(paths.temporary, pkg.name);
  const unpacked = join(work, 'unpacked');
  // pip unpacks in its own temporary folder first: it must be on this disk, since /tmp is often a small one in memory.
  const scratch = join(work, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const requirement = join(work, 'requirement.txt');
  const sha256 = pkg.sha256[targetId] ?? pkg.sha256.any;
  writeFileSync(requirement, `${pkg.name}==${pkg.version} --hash=sha256:${sha256}\n`);
  const log = join(paths.logs, `pip-${pkg.name}.log`);
  const args = [
    '-m',
    'pip',
    'install',
    '--no-deps',
    '--only-binary=:all:',
    '--no-compile',
    '--require-hashes',
  ];
  args.push(
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
    '--abi',
    'abi3',
    '--abi',
    'none',
  );
  for (const platform of wheelPlatforms) args.push('--platform', platform);
  args.push('--target', unpacked, '--no-input', '--progress-bar', 'off', '--requirement', requirement);
  const { ok, status } = await runLogged(python, args, {
    log,
    // A user's pip may be set to install elsewhere, or only inside a virtual environment.
    env: {
      ...env,
      TMPDIR: scratch,
      PIP_USER: '0',
      PIP_REQUIRE_VIRTUALENV: '0',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_ROOT_USER_ACTION: 'ignore',
    },
  });
  if (!ok) {
    throw new SetupError(`The Python package ${pkg.name} ${pkg.version} could not be installed.`, {
      where: log,
      expected: 'pip to fetch and unpack it',
      got: `${status}:${tellingLines(log)}`,
      fix: explainPipFailure(readFileSync(log, 'utf8')),
    });
  }
  for (const path of ['bin', ...(pkg.drop ?? [])])
    rmSync(join(unpacked, path), { recursive: true, force: true });
  moveIn(unpacked, paths.home(pkg.home), pkg, join(work, 'replaced'));
  rmSync(work, { recursive: true, force: true });
}
