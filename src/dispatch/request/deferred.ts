/** Attempts whose request is still being made: they end as attempts do, by being sent, by failing, or by shutdown. */
import { unsent, type SentAttempt } from './attempt.ts';
import type { OutgoingRequest } from './pool.ts';

type Done = (attempt: SentAttempt) => void;

export interface Deferred {
  /** Calls `done`, or hands it to `send`, exactly once. Never rejects. */
  send(request: Promise<OutgoingRequest>, done: Done): Promise<void>;
  /** Ends all that wait; what they wait for is not sent any more. */
  interrupt(): void;
}

export function createDeferred(send: (request: OutgoingRequest, done: Done) => void): Deferred {
  const waiting = new Set<() => void>();
  return {
    async send(request, done) {
      const startedAtMs = Date.now();
      const interrupt = (): void => done({ ...unsent(shutdown, startedAtMs), interrupted: true });
      waiting.add(interrupt);
      const built = await request.catch((error: unknown) => ({ error }));
      if (!waiting.delete(interrupt)) return;
      if ('error' in built) done(unsent(built.error, startedAtMs));
      else send(built, done);
    },
    interrupt() {
      const ended = [...waiting];
      waiting.clear();
      for (const end of ended) end();
    },
  };
}

const shutdown = new Error('interrupted by shutdown');
