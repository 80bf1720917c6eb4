/** What the host of several machines decides, second by second. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Answer, Rendezvous, type Report } from '../../src/cli/rendezvous.ts';

/** Machines a, b, ... with two workers each, of which a is the host; each says once a second what its workers do. */
class Machines {
  readonly #nodes = new Map<string, { report: Report; answer: Answer }>();
  readonly #rendezvous: Rendezvous;
  #now = 0;

  constructor(min: number, max: number) {
    this.come('a');
    this.#rendezvous = new Rendezvous(this.#nodes.get('a')!.report.node, { min, max });
  }

  come(name: string): void {
    const ports = [1, 2];
    this.#nodes.set(name, {
      report: { node: randomUUID(), round: 0, state: 'waits', ports },
      answer: {},
    });
  }

  go(name: string): void {
    this.#nodes.delete(name);
  }

  /** Its workers end. */
  end(name: string, state: Report['state'] = 'waits', more: Partial<Report> = {}): void {
    Object.assign(this.#nodes.get(name)!.report, { state, ...more });
  }

  /** Lets so many seconds pass; workers begin, and end in good order, as they are told. @returns who trains. */
  pass(seconds: number): string {
    for (let i = 0; i < seconds; i++) {
      this.#now += 1000;
      for (const [name, node] of this.#nodes) {
        const { round } = this.answer(name);
        const { report } = node;
        if (round && report.state === 'waits')
          Object.assign(report, { state: 'trains', round: round.number });
        else if (!round && report.state === 'trains') report.state = 'waits';
      }
    }
    return [...this.#nodes].flatMap(([name, { report }]) => (report.state === 'trains' ? name : [])).join('');
  }

  answer(name: string): Answer {
    const node = this.#nodes.get(name)!;
    node.answer = this.#rendezvous.answer(node.report, `10.0.0.${name}`, this.#now);
    return node.answer;
  }
}

it('begins at once with as many as may come, and after some seconds with as many as must', () => {
  const three = new Machines(2, 3);
  expect(three.pass(600)).toBe('');
  three.come('b');
  expect(three.pass(4)).toBe('');
  three.come('c');
  expect(three.pass(2)).toBe('abc');
  const { round } = three.answer('c');
  expect(round).toMatchObject({ number: 1, first: 4, machines: 3, run: undefined });
  expect(round?.addresses).toEqual(
    ['a', 'a', 'b', 'b', 'c', 'c'].map((of, i) => `10.0.0.${of}:${(i % 2) + 1}`),
  );
  const two = new Machines(2, 3);
  two.come('b');
  expect([two.pass(4), two.pass(4)]).toEqual(['', 'ab']);
});

it('goes on with fewer when one is silent, and with all when it comes again', () => {
  const machines = new Machines(1, 3);
  for (const name of ['b', 'c']) machines.come(name);
  expect(machines.pass(2)).toBe('abc');
  machines.end('a', 'trains', { run: 'runs/00001' });
  machines.go('b');
  machines.pass(4);
  expect(machines.answer('c').round).toMatchObject({ number: 1 });
  expect(machines.pass(11)).toBe('ac');
  expect(machines.answer('c').round).toMatchObject({ number: 2, first: 2, machines: 2, run: 'runs/00001' });
  machines.come('b');
  expect(machines.pass(4)).toBe('acb');
  expect(machines.answer('b').round).toMatchObject({ number: 3, first: 4, run: 'runs/00001' });
});

it('tells all to end when the workers of one have ended, in good order when one more has come', () => {
  const machines = new Machines(2, 3);
  machines.come('b');
  machines.pass(10);
  machines.end('b');
  machines.answer('b');
  expect(machines.answer('a')).toEqual({ orderly: false });
  expect(machines.pass(10)).toBe('ab');
  machines.come('c');
  machines.answer('c');
  expect(machines.answer('a')).toEqual({ orderly: true });
  // Nobody begins while one has workers still.
  machines.answer('b');
  expect(machines.answer('c').round).toBeUndefined();
});

it('takes as many machines as can share out every batch', () => {
  const machines = new Machines(1, 4);
  machines.end('a', 'waits', { commonBatch: 8 });
  for (const name of ['b', 'c']) machines.come(name);
  expect(machines.pass(10)).toBe('ab');
  machines.come('d');
  expect(machines.pass(4)).toBe('abcd');
  // Where none can, their workers say so.
  const none = new Machines(1, 2);
  none.end('a', 'waits', { commonBatch: 3 });
  expect(none.pass(10)).toBe('a');
});

it('waits for too few, and without the host', () => {
  const machines = new Machines(2, 2);
  machines.come('b');
  machines.pass(2);
  machines.go('b');
  expect(machines.pass(600)).toBe('');
  for (const name of ['b', 'c']) machines.come(name);
  machines.go('a');
  expect(machines.pass(600)).toBe('');
});

it('is over for all when the training is complete, one gives up, or the host is told to end', () => {
  const two = () => {
    const machines = new Machines(1, 2);
    machines.come('b');
    machines.pass(2);
    return machines;
  };
  const complete = two();
  complete.end('a', 'done');
  complete.answer('a');
  expect(complete.answer('b').round).toBeDefined();
  complete.end('b');
  expect(complete.answer('b')).toEqual({ over: 'the training is complete' });
  const failed = two();
  failed.end('b', 'failed');
  failed.answer('b');
  expect(failed.answer('a').over).toContain('on 10.0.0.b');
  const ended = two();
  ended.end('a', 'left');
  ended.answer('a');
  expect(ended.answer('b').over).toContain('was told to end');
  const left = two();
  left.end('b', 'left');
  left.answer('b');
  left.go('b');
  expect(left.pass(10)).toBe('a');
});
