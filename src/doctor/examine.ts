/** One look at a part of the installation, which must neither hang nor bring the others down. */
import type { Finding } from '../event/finding.ts';
import { hintFor } from './hint.ts';

/** Longer than what the parts themselves wait for, so that it is their words that are heard. */
const limitMs = 30_000;

/** @param look its findings; what it throws is a finding as well. */
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
    return [{ check, state: 'fail', found: inWords(error), ...(hint !== undefined && { hint }) }];
  } finally {
    signal.removeEventListener('abort', onLate);
  }
}

/** Node joins the refusals of a name's addresses in an error without words; others wrap the one that says it. */
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
