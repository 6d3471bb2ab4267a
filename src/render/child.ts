/**
 * The process that runs templates: one job comes, one answer goes. It may read these files and the two libraries, write
 * nothing and start nothing, sees no environment, and ends with the process that started it (`process.ts`).
 */
import { createEngine } from './engine.ts';
import { engines } from './job.ts';
import type { Job } from './job.ts';

const run = createEngine(Number(process.argv[2]));

// A tenant's first template must not pay for the first use of the libraries.
for (const engine of engines) run({ engine, template: '"ready"' }, 1_000);

process.on('disconnect', () => process.exit());
process.on('message', (message: unknown) => {
  if (!isTask(message)) throw new RangeError('expected a job and its time');
  const before = process.cpuUsage();
  const said = run(message.job, message.timeoutMs);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ ...said, tookMs: (user + system) / 1_000 });
});
process.send?.('ready');

function isTask(message: unknown): message is { job: Job; timeoutMs: number } {
  return (
    typeof message === 'object' && message !== null && 'job' in message && 'timeoutMs' in message
  );
}
