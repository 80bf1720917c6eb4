/**
 * Which versions of Node the program runs on. This file and scripts/run.mjs are all that an unsupported Node gets to
 * see, so they keep to syntax that old versions parse.
 */
import { readFileSync } from 'node:fs';
import { SetupError } from './errors.mjs';

/** The range in package.json, for example `^20.19.0 || ^22.13.0`. */
export function supportedNodeRange() {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).engines.node;
}

const parse = (/** @type {string} */ version) => {
  const numbers = version.replace(/^v/, '').split('.').map(Number);
  return [numbers[0] || 0, numbers[1] || 0, numbers[2] || 0];
};

const compare = (/** @type {number[]} */ a, /** @type {number[]} */ b) =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/**
 * Whether a version lies in a range of the forms that package.json uses: comparators `>=1.2.3`, `<1.2.3` and `^1.2.3`,
 * joined by spaces (and) and `||` (or).
 *
 * @param {string} version
 * @param {string} range
 */
export function satisfies(version, range) {
  const actual = parse(version);
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .split(/\s+/)
      .every((comparator) => {
        const [, operator, bound] = /^(>=|<|\^)(.*)$/.exec(comparator) || [];
        if (!operator) throw new Error(`cannot read the version range ${comparator}`);
        const order = compare(actual, parse(bound));
        if (operator === '<') return order < 0;
        return order >= 0 && (operator === '>=' || actual[0] === parse(bound)[0]);
      }),
  );
}

/**
 * Throws a {@link SetupError} unless the program runs on that version of Node.
 *
 * @param {string} version
 * @param {string} range
 */
export function checkNode(version, range) {
  if (satisfies(version, range)) return;
  throw new SetupError('This version of Node.js is not supported.', {
    where: process.execPath,
    expected: `Node ${range}`,
    got: `Node ${version.replace(/^v/, '')}`,
    fix: 'install a long-term release, Node 22 or 24 (https://nodejs.org, or nvm: "nvm install 22"); the tools here support no others',
  });
}
