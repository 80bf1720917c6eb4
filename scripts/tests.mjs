/** `npm test`: lint, types, structure and unused code, then the tests. Everything runs even if something before it failed. */
import { startCommand } from './start.mjs';
import { CHECKS } from './tools.mjs';

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
    CHECKS_FAILED: failed.join(','),
  });
  return failed.length > 0 ? 1 : status;
}
