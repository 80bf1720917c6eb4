import { describe, expect, it } from 'vitest';
import { LatestOnly } from '../../../src/editor/server/api.ts';

/** Work that ends when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('one prediction at a time', () => {
  const here = new AbortController().signal;

  it('runs what waits in order, and of one client the newest only', async () => {
    const queue = new LatestOnly(4);
    const done: string[] = [];
    const { open, opened } = gate();
    const run = (client: string, name: string, signal = here) =>
      queue.run(client, signal, async () => {
        if (name === 'a1') await opened;
        done.push(name);
      });
    const leaving = new AbortController();
    const first = run('a', 'a1');
    const results = Promise.allSettled([
      run('a', 'a2'),
      run('b', 'b1'),
      run('a', 'a3'),
      run('c', 'c1', leaving.signal),
      run('d', 'd1'),
    ]);
    leaving.abort();
    open();
    await first;
    const outcomes = (await results).map((result) =>
      result.status === 'fulfilled' ? 'done' : (result.reason as { status: number }).status,
    );
    expect(outcomes).toEqual([409, 'done', 'done', 499, 'done']);
    expect(done).toEqual(['a1', 'b1', 'a3', 'd1']);
    await run('e', 'e1');
    expect(done.at(-1)).toBe('e1');
  });

  it('goes on after work that fails, and turns away whom it has no room for', async () => {
    const queue = new LatestOnly(1);
    const { open, opened } = gate();
    const failing = queue.run('a', here, async () => {
      await opened;
      throw new Error('failed');
    });
    const waiting = queue.run('b', here, async () => 'b');
    await expect(queue.run('c', here, async () => 'c')).rejects.toMatchObject({ status: 503 });
    open();
    await expect(failing).rejects.toThrow('failed');
    expect(await waiting).toBe('b');
  });
});
