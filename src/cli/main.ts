/** What `npm run COMMAND` starts. */
import { npmRun } from '../runtime/command-line.ts';
import { commands } from './commands.ts';
import { runProgram } from './program.ts';

await runProgram(
  commands,
  `The program examines itself: ${['parity', 'chaos', 'bench'].map((name) => `${npmRun()} ${name}`).join(', ')}, each with -- --help`,
);
