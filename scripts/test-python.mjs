/**
 * `node scripts/test-python.mjs`: a Python with PyTorch and ONNX in .deps/test-python, which some tests compare with.
 * The program itself needs none of it. Does nothing when it is there.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSetupError, SetupError } from './setup/errors.mjs';
import { takeLock } from './setup/lock.mjs';
import { pathsIn, ROOT } from './setup/paths.mjs';
import { showStep } from './setup/progress.mjs';
import { explainPipFailure, findPython } from './setup/python.mjs';
import { runLogged, tellingLines } from './setup/run-logged.mjs';

const PACKAGES = ['torch==2.13.0', 'onnx==1.23.2', 'onnxruntime==1.32.0', 'numpy==2.4.6', 'pillow==13.0.0'];

const paths = pathsIn(ROOT);
const folder = join(paths.deps, 'test-python');
/** Written last: what is installed, all of it. */
const receipt = join(folder, 'packages.txt');
const wanted = `${PACKAGES.join('\n')}\n`;
const isDone = () => existsSync(receipt) && readFileSync(receipt, 'utf8') === wanted;

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} expected
 */
async function step(program, args, expected) {
  const log = join(paths.logs, 'test-python.log');
  const env = {
    ...process.env,
    PIP_USER: '0',
    PIP_REQUIRE_VIRTUALENV: '0',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  };
  const { ok, status } = await runLogged(program, args, { log, env });
  if (ok) return;
  throw new SetupError('The Python that tests compare with could not be set up.', {
    where: log,
    expected,
    got: `${status}:${tellingLines(log)}`,
    fix: explainPipFailure(readFileSync(log, 'utf8')),
  });
}

async function setUp() {
  const found = findPython();
  if ('problem' in found) throw found.problem;
  rmSync(folder, { recursive: true, force: true });
  await step(
    found.python,
    ['-m', 'venv', folder],
    'venv to make a virtual environment (Debian: python3-venv)',
  );
  const install = ['-m', 'pip', 'install', '--no-input', '--progress-bar', 'off', ...PACKAGES];
  await step(join(folder, 'bin/python'), install, `pip to install ${PACKAGES.join(', ')}`);
  writeFileSync(receipt, wanted);
}

if (!isDone()) {
  mkdirSync(paths.deps, { recursive: true });
  const release = await takeLock(`${paths.lock}-test-python`, {
    onWait: () => console.error('Another process is setting up the Python for tests; waiting for it.'),
  });
  try {
    if (!isDone()) await showStep({ label: `Python for tests (${PACKAGES.join(', ')})`, folder }, setUp);
  } catch (error) {
    if (!isSetupError(error)) throw error;
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  } finally {
    release();
  }
}
