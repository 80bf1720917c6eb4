/** Writes what is made from schemas: of the configuration, of evaluation suites and their results, and of studies. */
import { configPage, schemaFile } from '../src/config/document.ts';
import { reportReferences } from '../src/eval/report/report.ts';
import { suiteReferences } from '../src/eval/suite/suite.ts';
import { configSchemas } from '../src/models/registry.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';
import { studyReferences } from '../src/study/study-file.ts';

const files = {
  'configs/schema.json': schemaFile(configSchemas().json),
  'docs/config.md': configPage(configSchemas().json),
  ...suiteReferences(),
  ...reportReferences(),
  ...studyReferences(),
};
for (const [path, text] of Object.entries(files)) await writeFileAtomically(path, text);
