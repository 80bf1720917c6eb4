import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { duration, terminalReporter } from '../../src/cli/reporter.ts';

let lines: string[];
const terminal = process.stdout.isTTY;
beforeEach(() => {
  lines = [];
  process.stdout.isTTY = false;
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line) => lines.push(`stderr ${line}`));
});
afterEach(() => {
  process.stdout.isTTY = terminal;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [185, '3 min 5 s'],
  [7800, '2 h 10 min'],
  [273_600, '3 d 4 h'],
])('%f seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

it('without a terminal: messages at once, progress now and then and at the end', () => {
  const reporter = terminalReporter();
  reporter.info('hello');
  reporter.warn('mind');
  const task = reporter.task('Faces', 100, 'faces');
  for (let done = 0; done <= 50; done++) {
    task.update(done);
    vi.advanceTimersByTime(500);
  }
  task.finish();
  expect(lines.slice(0, 2)).toEqual(['hello', 'stderr Warning: mind']);
  expect(lines.slice(2)).toEqual([
    'Faces: 20/100 faces (20 %), 2.0 faces/s, 40 s left',
    'Faces: 40/100 faces (40 %), 2.0 faces/s, 30 s left',
    'Faces: 50/100 faces (50 %), 2.0 faces/s, 26 s left',
  ]);
});

it('a note takes the place of the speed', () => {
  const task = terminalReporter().task('F', 10, 'steps');
  task.update(1, '3 images/s');
  vi.advanceTimersByTime(4000);
  task.update(3, '4 images/s, loss 2');
  task.finish();
  expect(lines).toEqual(['F: 3/10 steps (30 %), 14 s left, 4 images/s, loss 2']);
});
