/** Writes `docs/cli.md`, the reference of the commands. */
import { cliPage } from '../src/cli/reference.ts';
import { writeFileAtomically } from '../src/runtime/files.ts';

await writeFileAtomically('docs/cli.md', cliPage());
