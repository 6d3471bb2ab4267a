/** Describes an error for the attempt's record. */
/** Writes `connect ECONNREFUSED 127.0.0.1:9` rather than a class name; for an AggregateError, its first cause. */
export function describeError(error: unknown): string {
  const cause = firstCause(error);
  if (!(cause instanceof Error)) return String(cause);
  const text = inWords(cause.message === '' ? cause.name : cause.message);
  const code = codeOf(cause) ?? '';
  // Our own codes are lower case, and their messages say everything; a system's code is what people search for.
  return /^[A-Z]/.test(code) && !text.includes(code) ? `${text} (${code})` : text;
}

/**
 * OpenSSL's own message has a thread, a number, a routine, a file and a line around its reason, and Node.js adds advice
 * that only who starts Hookline could follow.
 *
 * @example inWords('80:error:0A000126:SSL routines::unexpected eof while reading:../x.c:701:') // 'unexpected eof while reading'
 */
function inWords(message: string): string {
  const reason = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1];
  return (reason ?? message).replace(/; if the root CA is installed locally.*$/s, '').trim();
}

/** Finds the error's code: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `egress_blocked`. */
export function codeOf(error: unknown): string | undefined {
  const cause = firstCause(error);
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : undefined;
}

function firstCause(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0
    ? firstCause(error.errors[0])
    : error;
}
