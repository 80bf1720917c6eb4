import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { onTestFinished, vi } from 'vitest';

/** Lets bringing files and folders to the disk fail by this error, until the test has ended. */
export async function failSync(code: string): Promise<void> {
  const handle = await open(tmpdir());
  await handle.close();
  const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockImplementation(async () => {
    throw Object.assign(new Error(`${code}: i/o error, fsync`), { code, syscall: 'fsync' });
  });
  onTestFinished(() => sync.mockRestore());
}
