/** The commands of a user, in the order of their work. */
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { edit } from './edit.ts';
import { evaluate } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { infer } from './infer.ts';
import { prepare } from './prepare.ts';
import { push } from './push.ts';
import { study } from './study.ts';
import { train } from './train.ts';

export const commands: readonly Command[] = [
  train,
  prepare,
  evaluate,
  infer,
  edit,
  importCommand,
  exportCommand,
  push,
  study,
  doctor,
];
