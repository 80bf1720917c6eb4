import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startEditor } from '../../../src/editor/editor.ts';
import { silent } from '../../../src/runtime/progress.ts';

const start = (host: string, port: number) =>
  startEditor({ checkpoints: ['/nowhere'], host, port, reporter: silent });

it('an address that cannot be served on is told before the checkpoint is looked at', async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start('127.0.0.1', port)).rejects.toThrow(/another program uses this port[\s\S]*--port; 0/);
  await expect(start('192.0.2.1', 0)).rejects.toThrow(/no address of this machine/);
  await expect(start('no such name', 0)).rejects.toThrow(/--host no such name/);
});
