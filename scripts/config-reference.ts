/** Writes what is made from schemas: of the configuration, of evaluation suites, and of their results. */
import { configPage, schemaFile } from '../src/config/document.ts';
import { evaluationReferences } from '../src/eval/document.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';

const files = {
  'configs/schema.json': schemaFile(),
  'docs/config.md': configPage(),
  ...evaluationReferences(),
};
for (const [path, text] of Object.entries(files)) await writeFileAtomically(path, text);
