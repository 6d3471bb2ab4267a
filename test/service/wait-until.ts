import { setTimeout as wait } from 'node:timers/promises';

type Answer<T> = T | undefined | false;

/**
 * Asks until the answer is neither undefined nor false, and gives it back.
 *
 * @throws Error saying what was waited for, when the deadline passes.
 */
export async function waitUntil<T>(
  what: string,
  ask: () => Answer<T> | Promise<Answer<T>>,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${deadlineMs} ms for ${what}`);
    await wait(10);
  }
}
