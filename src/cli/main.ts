/** The commands of a user. */
import { npmRun } from '../runtime/command-line.ts';
import { doctor } from './doctor.ts';
import { edit } from './edit.ts';
import { evaluate } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { infer } from './infer.ts';
import { prepare } from './prepare.ts';
import { runProgram } from './program.ts';
import { study } from './study.ts';
import { train } from './train.ts';

/** In the order of a user's work. */
const commands = [train, prepare, evaluate, infer, edit, importCommand, exportCommand, study, doctor];

await runProgram(
  commands,
  `The program examines itself: ${['parity', 'chaos', 'bench'].map((name) => `${npmRun()} ${name}`).join(', ')}, each with -- --help`,
);
