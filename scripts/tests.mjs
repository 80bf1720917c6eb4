/** `npm test`: lint, types and structure, then the tests. Everything runs even if something before it failed. */
import { startCommand } from './start.mjs';

/** Checks before the tests: name, and the arguments that Node runs it with. */
const CHECKS = {
  lint: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  types: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'],
  'page types': ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src/editor/web'],
  structure: [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'src',
  ],
};

/**
 * @param {string[]} args for vitest: names of test files, or its flags
 * @param {Error | undefined} setUpFailure why there is nothing to test with
 * @returns {Promise<number>} exit status; the last line printed is `N passed, N failed`
 */
export async function runTests(args, setUpFailure) {
  if (setUpFailure) {
    console.log('0 passed, 1 failed');
    return 1;
  }
  const failed = [];
  for (const [name, command] of Object.entries(CHECKS)) {
    console.log(`\n> ${name}`);
    if ((await startCommand(command)) !== 0) failed.push(name);
  }
  console.log('\n> tests');
  // The reporter, which prints the closing line, counts the checks in.
  const status = await startCommand(['node_modules/vitest/vitest.mjs', 'run', ...args], {
    ...process.env,
    CHECKS_PASSED: String(Object.keys(CHECKS).length - failed.length),
    CHECKS_FAILED: failed.join(' '),
  });
  return failed.length > 0 ? 1 : status;
}
