/** The tools that look at the code, and the arguments with which Node runs each. */

const biome = 'node_modules/@biomejs/biome/bin/biome';
const vitest = 'node_modules/vitest/vitest.mjs';
const depcruise = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
const tsc = 'node_modules/typescript/bin/tsc';

/**
 * What `npm test` does before the tests, by the name under which it tells of it.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const CHECKS = {
  lint: [biome, 'check', '--error-on-warnings'],
  types: [tsc, '--noEmit', '-p', '.'],
  'page types': [tsc, '--noEmit', '-p', 'src/editor/web'],
  structure: [depcruise, '--config', '.dependency-cruiser.cjs', 'src'],
  'unused code': ['node_modules/knip/bin/knip.js', '--no-progress'],
};

/**
 * What the npm scripts of these names do, one command after another.
 *
 * @type {Readonly<Record<string, readonly (readonly string[])[]>>}
 */
export const TOOLS = {
  lint: [CHECKS.lint, CHECKS.structure],
  format: [[biome, 'check', '--write']],
  typecheck: [CHECKS.types, CHECKS['page types']],
  unused: [CHECKS['unused code']],
  'test:watch': [[vitest, 'watch']],
  coverage: [[vitest, 'run', '--coverage']],
};
