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
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reportsDirectory: 'coverage' },
    reporters: [new ClosingReporter()],
  },
});
