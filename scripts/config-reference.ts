/** Writes what is made from the configuration's schema: `configs/schema.json` and `docs/config.md`. */
import { configPage, schemaFile } from '../src/config/document.ts';
import { writeFileAtomically } from '../src/formats/atomic.ts';

await writeFileAtomically('configs/schema.json', schemaFile());
await writeFileAtomically('docs/config.md', configPage());
