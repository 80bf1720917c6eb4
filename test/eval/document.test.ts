import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { evaluationReferences } from '../../src/eval/document.ts';
import { metricNames } from '../../src/eval/metrics/registry.ts';

it.each(Object.entries(evaluationReferences()))('%s is current', (path, text) => {
  expect(readFileSync(path, 'utf8'), 'run `npm run config-reference`').toBe(text);
});

it('docs/evaluation.md names every metric', () => {
  const page = readFileSync('docs/evaluation.md', 'utf8');
  for (const name of metricNames) expect(page).toContain(`\`${name}\``);
});
