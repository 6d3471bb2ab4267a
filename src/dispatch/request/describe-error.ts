/** Describes an error for the attempt's record. */
import { errors } from 'undici';

/** Writes `connect ECONNREFUSED 127.0.0.1:9` rather than a class name; for an AggregateError, its first cause. */
export function describeError(error: unknown): string {
  const cause = firstCause(error);
  if (!(cause instanceof Error)) return String(cause);
  const text = cause.message === '' ? cause.name : cause.message;
  const code = codeOf(cause) ?? '';
  // Our own codes are lower case, and their messages say everything; a system's code is what people search for.
  return /^[A-Z]/.test(code) && !text.includes(code) ? `${text} (${code})` : text;
}

/** Finds the error's code: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `egress_blocked`. */
export function codeOf(error: unknown): string | undefined {
  const cause = firstCause(error);
  // undici has codes for most of its parser's reasons, not for all.
  if (cause instanceof errors.HTTPParserError) return cause.code ?? 'HPE_INVALID';
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;
}

function firstCause(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0
    ? firstCause(error.errors[0])
    : error;
}
