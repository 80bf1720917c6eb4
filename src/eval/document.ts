/** References made from schemas: the keys of a suite, for editors and to read, and the form of `metrics.json`. */
import { z } from 'zod';
import { keyTable, schemaFile } from '../config/document.ts';
import { reportSchema } from './report/schema.ts';
import { suiteJsonSchema } from './suite/schema.ts';

/** Texts by path. */
export function evaluationReferences(): Record<string, string> {
  const page = [
    '# Evaluation suites',
    '',
    'The keys of `configs/eval/*.yaml`; [evaluation.md](evaluation.md) says what they are for. `extends: other.yaml` starts from',
    'another suite; `--set KEY=VALUE` changes single keys, for example `--set images=8 --set report.samples=0`.',
    'Made from `src/eval/suite/schema.ts` by `npm run config-reference`.',
    '',
    ...keyTable(suiteJsonSchema),
    '',
  ];
  return {
    'configs/eval/schema.json': schemaFile(suiteJsonSchema),
    'docs/evaluation-suites.md': page.join('\n'),
    'docs/metrics.schema.json': `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`,
  };
}
