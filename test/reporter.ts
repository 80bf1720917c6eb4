import type { SerializedError } from 'vitest';
import { DefaultReporter, type TestCase, type TestModule, type TestRunEndReason } from 'vitest/node';

/** Lint, types and structure run before the tests; `npm test` hands their outcome over in the environment. */
function checksBefore(): { passed: number; failed: string[] } {
  return {
    passed: Number(process.env.CHECKS_PASSED ?? 0),
    failed: (process.env.CHECKS_FAILED ?? '').split(',').filter(Boolean),
  };
}

/** A line that names a failed test and begins its message: a difference of large arrays may be thousands of lines. */
function lineOfFailure(test: TestCase): string {
  const [error] = test.result().errors ?? [];
  const [message] = (error?.message ?? '').split('\n', 1);
  return `failed: ${test.module.relativeModuleId} > ${test.fullName}: ${message.slice(0, 200)}`;
}

/**
 * Vitest's own report, and after it a line for each skipped test with its reason, one for each failed test and, as the
 * very last line, `N passed, N failed` (with `, N skipped` if there are any), the checks before the tests counted in.
 */
export class ClosingReporter extends DefaultReporter {
  override onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    super.onTestRunEnd(modules, unhandledErrors, reason);
    const checks = checksBefore();
    let passed = checks.passed;
    // A file that could not be loaded holds no tests, but has failed; so has a run with errors outside any test.
    let failed = checks.failed.length + unhandledErrors.length;
    const skipped: string[] = [];
    const failures = checks.failed.map((name) => `failed: ${name} (see above)`);
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') {
          failed++;
          failures.push(lineOfFailure(test));
        } else {
          const note = result.state === 'skipped' && result.note ? `: ${result.note}` : '';
          skipped.push(`skipped: ${module.relativeModuleId} > ${test.fullName}${note}`);
        }
      }
    }
    for (const line of [...skipped, ...failures]) console.log(line);
    console.log(`${passed} passed, ${failed} failed${skipped.length ? `, ${skipped.length} skipped` : ''}`);
  }
}
