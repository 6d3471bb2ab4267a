import { defineConfig } from 'vitest/config';

/** One project per promise a test may make about what it needs. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // One process: each further one would import the sources and the libraries again.
          isolate: false,
          maxWorkers: 1,
          include: ['test/{unit,property}/**/*.test.ts', 'test/*.test.ts'],
          // Seconds of work where the machine has nothing else to do; it may have.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{conformance,integration,regression}/**/*.test.ts'],
          globalSetup: ['test/service/global-setup.ts'],
          // They wait more than they work; without this there would be one for two processors. Projects with other
          // numbers of workers have to be another group.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          // Longer than the tests wait for a condition, so that it is the condition that is named.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/service/global-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/service/global-setup.ts', 'test/browser/global-setup.ts'],
          // As with integration: longer than a condition may take, which is as long here as in `visitor.ts`.
          testTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          // The browser may have to be installed, after what others install.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
