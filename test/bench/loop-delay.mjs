/**
 * Preloaded into a Hookline that is measured (`--import`): prints the longest time for which its event loop stood still, in
 * milliseconds, when it gets SIGUSR2.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
process.on('SIGUSR2', () => {
  process.stdout.write(`longest block ${(histogram.max / 1e6).toFixed(1)} ms\n`);
});
