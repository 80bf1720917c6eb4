/**
 * Reads a file in every way that the program has, each time another read answers with half of what was asked for; then opens it
 * as one of weights while too many files are open.
 */

import { closeSync, openSync, statSync } from 'node:fs';
import { FileBytes, hashFile, readBytes, readFully, readRange, readText } from '../../src/runtime/files.ts';
import { openWeightFile } from '../../src/weights/weight-file.ts';
import { Control } from './shim.ts';

const path = process.argv[2];
const { size } = statSync(path);
const ways: Record<string, () => Promise<string> | string> = {
  readBytes: async () => (await readBytes(path)).toString(),
  readText: () => readText(path),
  readRange: async () => (await readRange(path, 0, size)).toString(),
  hashFile: () => hashFile(path),
  readFully() {
    const file = openSync(path, 'r');
    const target = Buffer.alloc(size);
    readFully(file, target, 0);
    closeSync(file);
    return target.toString();
  },
  FileBytes() {
    const file = new FileBytes(path, 'file');
    const parts = [file.read(0, 5), file.read(5, size - 5)];
    file.close();
    return Buffer.concat(parts).toString();
  },
};
const control = new Control(process.env.FAULTS_CONTROL!);
/** Picks the third way in which a read can fail. */
const HALF = 2;
for (const [name, read] of Object.entries(ways)) {
  control.arm(0, 0);
  const whole = await read();
  for (let at = 1, fired = true; fired; at++) {
    control.arm(at, HALF);
    const got = await Promise.resolve()
      .then(read)
      .catch((error: Error) => error.message);
    fired = control.fired !== undefined;
    if (control.fired?.how === 'short') console.log(`${name}: ${got === whole ? 'whole' : 'half'}`);
  }
}
/** Picks the second way in which a file can fail to open. */
const TOO_MANY = 1;
control.arm(1, TOO_MANY);
await openWeightFile(path).catch((error: Error) => console.log(error.message));
