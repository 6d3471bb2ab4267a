/**
 * Writes an error in one line for the operator.
 *
 * Node joins the refusals of a host name's addresses in an AggregateError whose own message is empty, and the libraries
 * wrap the interesting error in others.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) {
    return [...new Set(error.errors.map(explain))].join(', ') || error.name;
  }
  const cause = error.cause === undefined ? '' : explain(error.cause);
  if (cause === '' || error.message.includes(cause)) return error.message || error.name;
  return error.message === '' ? cause : `${error.message}: ${cause}`;
}
