import { describe, expect, it } from 'vitest';
import { holeOfDifference } from '../../src/editor/samples/difference.ts';
import { LatestOnly } from '../../src/editor/server/api.ts';
import { isOwnHost } from '../../src/editor/server/security.ts';

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

describe('the name in a request', () => {
  it.each([
    ['localhost:4321', '127.0.0.1', true],
    ['127.0.0.1:4321', '127.0.0.1', true],
    ['[::1]:4321', '::1', true],
    ['evil.example', '127.0.0.1', false],
    ['127.0.0.1.evil.example', '127.0.0.1', false],
    ['localhost:4321@evil.example', '127.0.0.1', false],
    ['192.168.1.5:4321', '127.0.0.1', false],
    ['192.168.1.5:4321', '0.0.0.0', true],
    ['evil.example', '0.0.0.0', false],
    ['studio.local', 'studio.local', true],
    ['', '127.0.0.1', false],
  ])('%s on %s', (header, host, own) => {
    expect(isOwnHost(header, host)).toBe(own);
  });
});

describe('the hole of a ready edit', () => {
  it('covers what differs inside the area, with a margin and without islands', () => {
    const size = 100;
    const before = new Uint8Array(size * size * 3);
    const after = before.slice();
    const change = (x: number, y: number) => after.fill(200, 3 * (y * size + x), 3 * (y * size + x) + 3);
    // A ring in the area, a speck there, and something outside.
    for (let angle = 0; angle < 360; angle++) {
      change(Math.round(50 + 12 * Math.cos(angle)), Math.round(50 + 12 * Math.sin(angle)));
    }
    change(30, 70);
    for (let x = 40; x < 60; x++) change(x, 5);
    const hole = holeOfDifference(before, after, size, { left: 0.2, top: 0.2, right: 0.8, bottom: 0.8 });
    const at = (x: number, y: number) => hole[y * size + x];
    expect([at(50, 50), at(62, 50), at(64, 50), at(67, 50)]).toEqual([255, 255, 255, 0]);
    expect([at(30, 70), at(50, 5), at(0, 0)]).toEqual([0, 0, 0]);
  });
});
