/** Command lines and paths as the user can paste them where they stand. */
import { isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** A text as one word of a shell's command line. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Where a path below the checkout is seen from the working directory; undefined outside the checkout. */
function below(path: string): string | undefined {
  const inside = relative(root, process.cwd());
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : relative(process.cwd(), path);
}

/** A file of the checkout, such as `configs/smoke.yaml`, as a path that is right where the user stands. */
export function shipped(path: string): string {
  const full = join(root, path);
  return below(full) ?? full;
}

/** `npm run`, which works in the checkout alone, or what does the same elsewhere. */
export const npmRun = (): string =>
  below(root) === undefined ? `npm --prefix ${shellWord(root)} run` : 'npm run';

/** The command line of a command with these flags and values, for example `npm run train -- --resume 'my runs/00001'`. */
export function commandLine(command: string, ...args: readonly string[]): string {
  const words = args.length > 0 ? ['--', ...args.map(shellWord)] : [];
  return [npmRun(), command, ...words].join(' ');
}
