import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configPage, schemaFile } from '../../src/config/document.ts';

const remedy = 'run `npm run config-reference`';

it('configs/schema.json is current', () => {
  expect(readFileSync('configs/schema.json', 'utf8'), remedy).toBe(schemaFile());
});

it('docs/config.md is current', () => {
  expect(readFileSync('docs/config.md', 'utf8'), remedy).toBe(configPage());
});
