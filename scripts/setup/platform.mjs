/** The machine: whether TensorFlow's wheels exist for it, and which engine, CPU or CUDA, it is to have. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from './errors.mjs';

/**
 * @typedef {'cpu' | 'cuda'} Engine
 * @typedef {object} Target
 * @property {string} name
 * @property {boolean} tested whether the project's own tests run on it
 * @property {Engine[]} engines
 * @property {string[]} wheelPlatforms pip's names of the platform, each a `--platform`
 * @property {string[]} libraries file names in the wheel's folder `tensorflow/` that the addon links to
 */

const LINUX_LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** @type {Record<string, Target>} */
export const TARGETS = {
  'linux-x64': {
    name: 'Linux x64',
    tested: true,
    engines: ['cpu', 'cuda'],
    wheelPlatforms: ['manylinux_2_17_x86_64', 'manylinux2014_x86_64', 'manylinux_2_27_x86_64'],
    libraries: LINUX_LIBRARIES,
  },
  'linux-arm64': {
    name: 'Linux arm64',
    tested: false,
    engines: ['cpu'],
    wheelPlatforms: ['manylinux_2_17_aarch64', 'manylinux2014_aarch64'],
    libraries: LINUX_LIBRARIES,
  },
  'darwin-arm64': {
    name: 'macOS arm64',
    tested: false,
    engines: ['cpu'],
    wheelPlatforms: ['macosx_12_0_arm64'],
    libraries: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
  },
};

/** Whether this Linux has the C library that TensorFlow's wheels are built for (Alpine, for one, has musl instead). */
export function hasGlibc() {
  // @ts-expect-error: Node's types leave the header's fields open
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/**
 * @param {string} platform as process.platform
 * @param {string} arch as process.arch
 * @returns {Target}
 */
export function findTarget(platform, arch) {
  const target = TARGETS[`${platform}-${arch}`];
  if (target) return target;
  throw new SetupError('TensorFlow 2.20 has no library for this platform.', {
    expected: Object.values(TARGETS)
      .map(({ name, tested }) => (tested ? name : `${name} (untested)`))
      .join(', '),
    got: `${platform} ${arch}`,
    fix:
      platform === 'win32'
        ? 'use the Windows Subsystem for Linux (https://learn.microsoft.com/windows/wsl/install)'
        : 'use a machine or a container of one of these platforms',
  });
}

/**
 * Throws a {@link SetupError} on a Linux without glibc.
 *
 * @param {string} platform as process.platform
 * @param {() => boolean} glibc
 */
export function checkLibc(platform, glibc = hasGlibc) {
  if (platform !== 'linux' || glibc()) return;
  throw new SetupError('TensorFlow 2.20 has no library for this Linux.', {
    expected: 'a distribution with glibc (Debian, Ubuntu, Fedora, ...)',
    got: 'one without it (Alpine and others use musl)',
    fix: 'use a glibc distribution or container, for example the image node:22-bookworm',
  });
}

/**
 * The path of a program on PATH.
 *
 * @param {string} program a name, or a path, which is looked at as it is
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function which(program, env = process.env) {
  const candidates = program.includes('/')
    ? [program]
    : (env.PATH ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, program));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * What shows that an NVIDIA driver is there, or undefined.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {(path: string) => boolean} exists
 * @returns {string | undefined}
 */
export function nvidiaDriver(env = process.env, exists = existsSync) {
  const signs = ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/usr/lib/wsl/lib/libcuda.so.1'];
  return signs.find(exists) ?? which('nvidia-smi', env);
}

/** The driver's version from the kernel module's own line, for example `570.86.15`, or undefined. */
export function nvidiaDriverVersion() {
  try {
    return /Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s/.exec(
      readFileSync('/proc/driver/nvidia/version', 'utf8'),
    )?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Which engine this machine is to have, and why.
 *
 * @param {Target} target
 * @param {NodeJS.ProcessEnv} env DPS_ENGINE overrides what the machine suggests
 * @param {string | undefined} driver see {@link nvidiaDriver}
 * @returns {{engine: Engine, reason: string}}
 */
export function chooseEngine(target, env = process.env, driver = nvidiaDriver(env)) {
  const wanted = env.DPS_ENGINE;
  if (wanted) {
    if (wanted !== 'cpu' && wanted !== 'cuda') {
      throw new SetupError('Unknown engine.', {
        where: 'environment variable DPS_ENGINE',
        expected: 'cpu or cuda',
        got: wanted,
        fix: 'unset DPS_ENGINE to let the machine decide',
      });
    }
    if (!target.engines.includes(wanted)) {
      throw new SetupError('There is no CUDA engine for this platform.', {
        where: 'environment variable DPS_ENGINE',
        expected: 'cpu',
        got: `cuda on ${target.name}`,
        fix: 'unset DPS_ENGINE, or use Linux x64 with an NVIDIA GPU',
      });
    }
    return { engine: wanted, reason: `DPS_ENGINE=${wanted}` };
  }
  if (!target.engines.includes('cuda')) return { engine: 'cpu', reason: `the only one for ${target.name}` };
  return driver
    ? { engine: 'cuda', reason: `an NVIDIA driver is there: ${driver}` }
    : { engine: 'cpu', reason: 'no NVIDIA driver found' };
}
