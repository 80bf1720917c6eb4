import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { evaluationReferences } from '../../src/eval/document.ts';

it.each(Object.entries(evaluationReferences()))('%s is current', (path, text) => {
  expect(readFileSync(path, 'utf8'), 'run `npm run config-reference`').toBe(text);
});
