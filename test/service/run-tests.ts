/**
 * `npm test`: vitest with all its options, closed by a line `N passed, N failed`. Whatever went wrong is counted: a
 * test, a file that could not be loaded, an error outside of any test, a run in which nothing passed. The exit code is
 * 0 only when nothing is.
 */
import { parseCLI, type Reporter, startVitest } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
}

const tally: Tally = { passed: 0, failed: 0 };

process.once('exit', () => {
  if (tally.passed === 0) tally.failed = Math.max(1, tally.failed);
  if (tally.failed > 0) process.exitCode = 1;
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
});

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  tally.failed += 1;
  process.exit();
}

async function run(): Promise<void> {
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
  const reporters = [options.reporters ?? 'default', countInto(tally)].flat();
  const vitest = await startVitest('test', filter, { ...options, reporters });
  await vitest.exit();
}

function countInto(result: Tally): Reporter {
  return {
    onTestRunEnd: (modules, errors) => {
      result.failed += errors.length;
      for (const module of modules) {
        const states = [...module.children.allTests()].map(test => test.result().state);
        const failed = states.filter(state => state === 'failed').length;
        result.passed += states.filter(state => state === 'passed').length;
        result.failed += failed === 0 && !module.ok() ? 1 : failed;
      }
    },
  };
}
