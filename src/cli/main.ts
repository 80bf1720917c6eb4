/** What `npm run COMMAND` starts. */
import { npmRun } from '../runtime/command-line.ts';
import { isPackage } from '../runtime/installation.mjs';
import { commands } from './commands.ts';
import { runProgram } from './program.ts';

/** A clone has programs that examine it. */
const more = `The program examines itself: ${['parity', 'chaos', 'bench'].map((name) => `${npmRun()} ${name}`).join(', ')}, each with -- --help`;

await runProgram(commands, isPackage() ? '' : more);
