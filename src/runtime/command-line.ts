/** Command lines and paths as the user can paste them where they stand. */
import { isAbsolute, join, relative } from 'node:path';
import { isPackage, ROOT as root } from './installation.mjs';

/** A text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Where a path below the clone is seen from the working directory; undefined outside of it. */
function below(path: string): string | undefined {
  const inside = relative(root, process.cwd());
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : relative(process.cwd(), path);
}

/** A file that comes with the program, such as `configs/smoke.yaml`, as a path that is right where the user stands. */
export function shipped(path: string): string {
  const full = join(root, path);
  return below(full) ?? full;
}

/** What starts a command: `npm run`, which works in the clone alone, what does the same elsewhere, or the package's `dps`. */
export function npmRun(): string {
  if (isPackage()) return 'npx dps';
  return below(root) === undefined ? `npm --prefix ${shellWord(root)} run` : 'npm run';
}

/** What stands between a command and its flags: npm would take them for its own. */
export const beforeFlags = (): readonly string[] => (isPackage() ? [] : ['--']);

/** The command line of a command with these flags and values, for example `npm run train -- --resume 'my runs/00001'`. */
export function commandLine(command: string, ...args: readonly string[]): string {
  const words = args.length > 0 ? [...beforeFlags(), ...args.map(shellWord)] : [];
  return [npmRun(), command, ...words].join(' ');
}
