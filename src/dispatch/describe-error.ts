/** What went wrong, for the attempt's record. */

/** `connect ECONNREFUSED 127.0.0.1:9` rather than a class name; an AggregateError says its first cause. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return describeError(error.errors[0]);
  }
  if (!(error instanceof Error)) return String(error);
  const text = error.message === '' ? error.name : error.message;
  const code = systemCode(error);
  return text.includes(code) ? text : `${text} (${code})`;
}

/** The code that people look up; our own errors, whose codes are lower-case, say it all in words. */
function systemCode(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return /^[A-Z]/.test(code) ? code : '';
}
