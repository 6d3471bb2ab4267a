/**
 * Keeps kafkajs from waking up a thousand times a second on every idle connection.
 *
 * After each answer kafkajs 2.2.4 sets a timer to look for requests that wait, and the timer sets the next one, whether
 * or not any request waits. Its delay is negative, which Node takes as one millisecond and warns about. An idle
 * consumer takes 4 % of a processor that way, and 0.4 % without. While no request waits there is nothing to look for:
 * `push` and the next answer look by themselves.
 *
 * Source: kafkajs 2.2.4, `src/network/requestQueue/index.js`; the project has been without releases since 2023.
 */
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const { scheduleCheckPendingRequests } = RequestQueue.prototype;

/** Replaces the method that sets the timer, for the whole process. Idempotent. */
export function stopIdleTimers(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleWhenPending;
}

function scheduleWhenPending(this: RequestQueue): void {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this);
}
