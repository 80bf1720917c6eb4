/**
 * A process that runs commands one after the other, as often as it is told: so TensorFlow is loaded once for many runs
 * rather than for each. A line of standard input is a command's arguments; what it printed goes back with its exit status
 * as a line on descriptor 3. Commands may use the channel that `fork` gives a child, so that one is not taken.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { evaluate } from '../../src/cli/evaluate.ts';
import { exportCommand } from '../../src/cli/export.ts';
import { importCommand } from '../../src/cli/import.ts';
import { infer } from '../../src/cli/infer.ts';
import { prepare } from '../../src/cli/prepare.ts';
import { runProgram } from '../../src/cli/program.ts';
import { train } from '../../src/cli/train.ts';

const RESULTS = 3;

let output = '';
for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((text: string | Uint8Array, ...rest: unknown[]) => {
    output += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  }) as typeof stream.write;
  // Each command listens anew.
  stream.setMaxListeners(0);
}
process.setMaxListeners(0);

for await (const line of createInterface(process.stdin)) {
  output = '';
  process.exitCode = 0;
  process.argv.splice(2, process.argv.length, ...(JSON.parse(line) as string[]));
  await runProgram([train, prepare, evaluate, infer, importCommand, exportCommand]);
  const ended = Buffer.from(`${JSON.stringify({ status: process.exitCode, output })}\n`);
  for (let done = 0; done < ended.length; ) done += writeSync(RESULTS, ended, done);
}
