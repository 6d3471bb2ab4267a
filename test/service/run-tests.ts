/**
 * `npm test`: vitest with all its options, closed by a line `N passed, N failed` that counts whatever went wrong: a
 * test, a file that could not be loaded, an error outside of any test. The exit code is 0 only when something passed
 * and nothing failed.
 */
import { type Reporter, parseCLI, startVitest, type TestCase, type Vitest } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
}

/** What is said when vitest never gets as far as ending a run. */
const tally: Tally = { passed: 0, failed: 1 };

process.once('exit', () => {
  if (tally.passed === 0 || tally.failed > 0) process.exitCode = 1;
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
});

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest: Vitest = await startVitest('test', filter, {
  ...options,
  reporters: [options.reporters ?? 'default', countInto(tally)].flat(),
});
await vitest.exit();

function countInto(result: Tally): Reporter {
  return {
    onTestRunEnd: (modules, errors) => {
      result.passed = 0;
      result.failed = errors.length;
      for (const module of modules) {
        const tests: TestCase[] = [...module.children.allTests()];
        const failed = tests.filter(test => test.result().state === 'failed').length;
        result.passed += tests.filter(test => test.result().state === 'passed').length;
        result.failed += failed === 0 && !module.ok() ? 1 : failed;
      }
    },
  };
}
