/** What went wrong, for the attempt's record. */
import { errors } from 'undici';

/** `connect ECONNREFUSED 127.0.0.1:9` rather than a class name; an AggregateError says its first cause. */
export function describeError(error: unknown): string {
  const cause = firstCause(error);
  if (!(cause instanceof Error)) return String(cause);
  const text = cause.message === '' ? cause.name : cause.message;
  const code = codeOf(cause) ?? '';
  // Our own codes are lower-case, and their messages say it all; a system's code is what people look up.
  return /^[A-Z]/.test(code) && !text.includes(code) ? `${text} (${code})` : text;
}

/** `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `egress_blocked`. */
export function codeOf(error: unknown): string | undefined {
  const cause = firstCause(error);
  // undici has codes for most reasons that its parser has, not for all.
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
