/** A source whose state also tells whether what it brings is recorded: one that records nothing does not run. */
import { explain } from './explain.ts';
import type { Source } from './source.ts';

/** @param trouble why nothing is recorded at the moment; undefined while all is well. */
export function withRecording<Kind extends Source>(
  source: Kind,
  trouble: () => Error | undefined,
): Kind {
  return {
    ...source,
    status() {
      const status = source.status();
      const error = trouble();
      // Who waits for the broker, or is paused or stopped, is not said to wait for something else.
      if (status.state !== 'running' || error === undefined) return status;
      return { ...status, state: 'waiting', reason: reasonOf(error) };
    },
  };
}

/** @example 'not recorded: could not extend file "base/5/16412": No space left on device' */
export const reasonOf = (error: Error): string => `not recorded: ${explain(error)}`;
