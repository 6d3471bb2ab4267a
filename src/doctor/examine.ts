/** Runs one check, so that it can neither hang nor fail the others. */
import type { Finding } from '../event/finding.ts';
import { hintFor } from './hint.ts';

/** Longer than the parts' own time limits, so that their messages are the ones reported. */
const limitMs = 30_000;

/** Labels the findings of a check; what it throws, or that it is late, becomes a finding. @param look the check. */
export async function examine(
  check: string,
  look: (signal: AbortSignal) => Promise<readonly Omit<Finding, 'check'>[]>,
): Promise<readonly Finding[]> {
  const signal = AbortSignal.timeout(limitMs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const onLate = (): void => reject(new Error(`no answer within ${limitMs / 1_000} s`));
  signal.addEventListener('abort', onLate);
  try {
    const found = await Promise.race([look(signal), late]);
    return found.map(finding => ({ check, ...finding }));
  } catch (error) {
    const hint = hintFor(error);
    return [{ check, state: 'fail', found: inWords(error), hint }];
  } finally {
    signal.removeEventListener('abort', onLate);
  }
}

/**
 * The message of an error in one line. Node joins the errors of a name's addresses in an AggregateError without a message;
 * other libraries wrap the error that says what happened.
 */
export function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(inWords))].join(', ');
  }
  const below = error.cause === undefined ? '' : inWords(error.cause);
  if (below === '' || error.message.includes(below)) return firstLine(error.message || error.name);
  return firstLine(error.message === '' ? below : `${error.message}: ${below}`);
}

const firstLine = (text: string): string => text.split('\n')[0] ?? text;
