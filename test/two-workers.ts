/** Two workers on this machine, as processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const children: ChildProcess[] = [];

/** Ends all that were started and run still. */
export function endWorkers(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export interface Worker {
  readonly child: ChildProcess;
  /** Its exit status and all that it said, in lines and as one text. */
  readonly ended: Promise<{ status: number | null; lines: readonly string[]; said: string }>;
  /** Until it says this. */
  says(text: string): Promise<void>;
}

export function start(args: readonly string[], env: Record<string, string | undefined> = {}): Worker {
  const child = spawn(process.execPath, ['--disable-warning=DEP0051', '--import', 'tsx', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const [text, found] of waiting) if (line.includes(text)) found();
    });
  const ended = once(child, 'close').then(([status]) => ({ status, lines, said: lines.join('\n') }));
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      if (lines.some((line) => line.includes(text))) resolve();
      waiting.set(text, resolve);
      ended.then(({ said }) => reject(new Error(`It ended without saying ${text}: ${said}`)));
    });
  return { child, ended, says };
}

/** @param args of each. */
export async function startTwo(args: (rank: number) => readonly string[]): Promise<Worker[]> {
  const worker = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  return worker.map((_, index) =>
    start(args(index), {
      TF_CONFIG: JSON.stringify({ cluster: { worker }, task: { type: 'worker', index } }),
    }),
  );
}
