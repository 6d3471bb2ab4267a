import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks until the answer is neither undefined nor false, and gives it back.
 *
 * @throws Error saying what was waited for, when the deadline passes.
 */
export async function waitUntil<T>(
  what: string,
  ask: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    // The compiler cannot narrow a bare type parameter by comparison.
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (Date.now() > deadline) throw new Error(`Waited ${deadlineMs} ms for ${what}`);
    await wait(10);
  }
}
