import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/editor/web/drawing/changes.ts';
import { History, startId } from '../../../src/editor/web/drawing/history.ts';
import { nextToGo, type Row, surplus } from '../../../src/editor/web/worker/records.ts';

const mark = (at: number): Command => [{ layer: 'hole', runs: Uint32Array.of(at, at + 1), bits: 1 }];
const start = { drawing: mark(0), l: 0.5, region: 'hole' } as const;

describe('a history', () => {
  it('knows the drawing, l, what the network sees and the photo of every state', () => {
    const history = new History(start);
    const seen = () => [history.photo, history.l, history.region, history.drawing];
    history.push({ kind: 'draw', command: mark(1) });
    history.push({ kind: 'l', l: 0.8 });
    history.push({ kind: 'region', region: 'whole' });
    expect(seen()).toEqual([0, 0.8, 'whole', [mark(0), mark(1)]]);
    history.push({ kind: 'photo', photo: 1 });
    history.push({ kind: 'draw', command: mark(2) });
    expect(seen()).toEqual([1, 0.8, 'whole', [mark(2)]]);
    history.undo();
    expect(history.undo()?.kind).toBe('photo');
    expect(seen()).toEqual([0, 0.8, 'whole', [mark(0), mark(1)]]);
    history.undo();
    history.undo();
    expect(seen()).toEqual([0, 0.5, 'hole', [mark(0), mark(1)]]);
    for (let i = 0; i < 4; i++) history.redo();
    expect(seen()).toEqual([1, 0.8, 'whole', [mark(2)]]);
    expect(history.redo()).toBeUndefined();
  });

  it('gives no state the number of another, also of one that was undone for good', () => {
    const history = new History(start);
    expect(history.id).toBe(startId);
    const numbers = [history.id];
    for (let i = 0; i < 5; i++) {
      history.push({ kind: 'l', l: i / 5 });
      numbers.push(history.id);
      history.push({ kind: 'l', l: 1 });
      numbers.push(history.id);
      history.undo();
      if (i % 2) history.undo();
    }
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('comes back from its steps at the state where it was', () => {
    const history = new History(start);
    for (const at of [1, 2, 3]) history.push({ kind: 'draw', command: mark(at) });
    history.undo();
    const again = new History(start, history.steps, history.id);
    expect(again.drawing).toEqual(history.drawing);
    expect([again.canUndo, again.canRedo]).toEqual([true, true]);
    expect(again.redo()).toEqual(history.redo());
    const atStart = new History(start, history.steps, startId);
    expect([atStart.canUndo, atStart.canRedo, atStart.id]).toEqual([false, true, startId]);
  });
});

describe('recent work', () => {
  const row = (changed: number, bytes = 1): Row => ({
    id: `r${changed}`,
    name: '',
    changed,
    bytes,
    start,
    position: startId,
    leader: '',
  });
  const none = new Set<string>();
  const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id);

  it('loses the oldest where there are too many, but none that is open', () => {
    const rows = [5, 1, 4, 2, 3].map((changed) => row(changed));
    expect(surplus(rows, none)).toEqual([]);
    expect(idsOf(surplus(rows, none, { records: 3, bytes: 99 }))).toEqual(['r1', 'r2']);
    expect(idsOf(surplus(rows, new Set(['r1']), { records: 3, bytes: 99 }))).toEqual(['r2', 'r3']);
    expect(idsOf(surplus(rows, new Set(idsOf(rows)), { records: 3, bytes: 99 }))).toEqual([]);
  });

  it('loses the oldest where they take too much', () => {
    const rows = [row(1, 10), row(2, 50), row(3, 60)];
    expect(idsOf(surplus(rows, none, { records: 9, bytes: 100 }))).toEqual(['r1', 'r2']);
  });

  it('tells what goes next as soon as there is no room', () => {
    const rows = Array.from({ length: 39 }, (_, i) => row(i + 1));
    expect(nextToGo(rows, none)).toBeUndefined();
    expect(nextToGo([...rows, row(100)], none)?.id).toBe('r1');
  });
});
