import { defineConfig } from 'vitest/config';
import { ClosingReporter } from './test/reporter.ts';
import { LongFilesFirst } from './test/sequencer.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // TensorFlow's addon cannot be loaded twice in one process, as worker threads would.
    pool: 'forks',
    // Each process computes on all cores, but for the times when it waits for programs, disks and browsers.
    maxWorkers: 3,
    sequence: { sequencer: LongFilesFirst },
    // They end what hangs. However busy a machine is, nothing is failed by them that only takes its time.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000 } },
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reportsDirectory: 'coverage' },
    reporters: [new ClosingReporter()],
  },
});
