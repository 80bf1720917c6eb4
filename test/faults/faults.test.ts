import { expect, it } from 'vitest';
import { silent } from '../../src/runtime/progress.ts';
import { stream } from '../../src/runtime/seed.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { faults } from './faults.ts';
import { unsupported } from './shim.ts';

const reason = unsupported();
/** Other commands and operations every day; a failure names them, and `npm run faults -- --seed` has them again. */
const seed = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
const commands = stream(seed, 'commands of the day').shuffle(Object.keys(COMMANDS) as CommandName[]);
const sample = 2;

it.skipIf(reason)(
  `commands come through when any operation on files fails (seed ${seed})${reason ? ` (${reason})` : ''}`,
  async () => {
    const two = commands.slice(0, 2);
    const { passed, failures } = await faults({
      commands: two,
      sample,
      seed,
      power: false,
      jobs: 1,
      reporter: silent,
    });
    expect(failures).toEqual([]);
    expect(passed).toBe(sample * two.length);
  },
  900_000,
);
