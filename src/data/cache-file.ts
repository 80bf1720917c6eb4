import { UserError } from '../runtime/errors.ts';
import { readBytes, writeFileAtomically } from '../runtime/files.ts';

/**
 * Writes a file of `data.cache`, whole or not at all; one that holds this already is left, so that a cache with everything
 * in it may be read-only.
 *
 * @throws UserError when the disk is full or it must not be written.
 */
export async function writeCacheFile(path: string, content: string | Uint8Array): Promise<void> {
  const found = await readBytes(path).catch(() => undefined);
  if (found?.equals(Buffer.from(content))) return;
  await writeFileAtomically(path, content).catch((error: NodeJS.ErrnoException) => {
    throw new UserError('The cache cannot be written.', {
      where: `data.cache: ${path}`,
      got: error.message,
      fix: 'Free disk space or correct the permissions, or set data.cache to another folder.',
    });
  });
}
