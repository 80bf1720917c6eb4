/**
 * The Python packages. pip only fetches and unpacks them into a folder of this checkout: the wheels are chosen for a
 * fixed Python, so any Python 3 with pip will do, and none of its own packages is touched.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { delimiter, join } from 'node:path';
import { SetupError } from './errors.mjs';
import { homeFor } from './home.mjs';
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
 * Looks for a Python 3 with pip: the first on PATH may be one of a virtual environment that has none, as uv makes them.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {typeof ask} answer runs a program and returns what it prints
 * @returns {{python: string} | {problem: SetupError}}
 */
export function findPython(env = process.env, answer = ask) {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  const all = ['python3', 'python'].flatMap((name) =>
    folders.flatMap((folder) => which(join(folder, name), env) ?? []),
  );
  /** @type {SetupError | undefined} */
  let problem;
  for (const python of new Set(all)) {
    if (answer(python, ['-c', 'import sys; print(sys.version_info[0])'], env) !== '3') continue;
    const without = pipProblem(python, env, answer);
    if (!without) return { python };
    problem ??= without;
  }
  return {
    problem:
      problem ??
      new SetupError('Python 3 was not found.', {
        where: 'PATH',
        expected: 'python3, whose pip fetches TensorFlow',
        got: 'no such program',
        fix: 'install it (Debian, Ubuntu: "sudo apt install python3 python3-pip"; Fedora: "sudo dnf install python3-pip"; macOS: "xcode-select --install")',
      }),
  };
}

/**
 * What is wrong with a Python's pip, if anything.
 *
 * @param {string} python
 * @param {NodeJS.ProcessEnv} env
 * @param {typeof ask} answer
 */
function pipProblem(python, env, answer) {
  const version = answer(python, ['-m', 'pip', '--version'], env);
  if (version === undefined) {
    return new SetupError('Python has no pip.', {
      where: python,
      expected: '"python3 -m pip" to run',
      got: 'no module named pip',
      fix: 'install it (Debian, Ubuntu: "sudo apt install python3-pip"; Fedora: "sudo dnf install python3-pip"; an environment of uv: "uv pip install pip"; elsewhere: "python3 -m ensurepip --user")',
    });
  }
  const [major, minor] = (/^pip (\d+)\.(\d+)/.exec(version) ?? ['', '0', '0']).slice(1).map(Number);
  if (major > OLDEST_PIP[0] || (major === OLDEST_PIP[0] && minor >= OLDEST_PIP[1])) return undefined;
  return new SetupError('pip is too old.', {
    where: python,
    expected: `pip ${OLDEST_PIP.join('.')} or newer`,
    got: version,
    fix: 'upgrade it: "python3 -m pip install --user --upgrade pip"',
  });
}

/** Of a user's settings for pip those that say how the package index is reached. */
const NETWORK_SETTINGS = new Set(
  'index-url extra-index-url find-links no-index proxy cert client-cert trusted-host timeout retries keyring-provider cache-dir no-cache-dir'.split(
    ' ',
  ),
);

/**
 * The environment for pip: of the user's variables and pip.conf only how the index is reached. Constraints, targets, or that
 * pip may run in virtual environments alone are about other packages than these, which go to a folder of the checkout.
 *
 * @param {string} python
 * @param {NodeJS.ProcessEnv} env
 * @param {typeof ask} answer
 * @returns {NodeJS.ProcessEnv}
 */
export function pipEnvironment(python, env, answer = ask) {
  const cleaned = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PIP_')));
  for (const line of (answer(python, ['-m', 'pip', 'config', 'list'], env) ?? '').split('\n')) {
    const [, section, key, value] = /^([\w:-]+)\.([\w-]+)='(.*)'$/.exec(line.trim()) ?? [];
    if (key === undefined || !['global', 'install', ':env:'].includes(section) || !NETWORK_SETTINGS.has(key))
      continue;
    cleaned[`PIP_${key.toUpperCase().replaceAll('-', '_')}`] = value.replaceAll('\\n', ' ').trim();
  }
  return {
    ...cleaned,
    PIP_CONFIG_FILE: devNull,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
  };
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
    // Not where the user stands: Python would take a file pip.py there for pip.
    cwd: work,
    env: { ...pipEnvironment(python, env), ...homeFor(paths, env), TMPDIR: scratch },
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
