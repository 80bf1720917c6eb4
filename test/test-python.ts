/** The Python with PyTorch and ONNX that some tests compare with; `node scripts/test-python.mjs` sets it up. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const usual = fileURLToPath(new URL('../.deps/test-python/bin/python', import.meta.url));
export const testPython = process.env.DPS_TEST_PYTHON ?? usual;

/** Why tests that need a module are skipped, for their names; empty where the module is there. */
export function whyNoPython(module: string): string {
  const { status } = spawnSync(testPython, [
    '-c',
    `import importlib.util as u; assert u.find_spec('${module}')`,
  ]);
  return status === 0
    ? ''
    : ` (skipped: no ${module} in ${testPython}; \`node scripts/test-python.mjs\` installs it)`;
}

/** Runs a Python file. Throws with what it printed when it fails. */
export function runPython(script: URL, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(testPython, [fileURLToPath(script), ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return stdout;
  throw new Error(`${fileURLToPath(script)} failed with ${status}:\n${stdout}\n${stderr}`);
}
