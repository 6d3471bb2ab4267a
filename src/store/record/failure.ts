/** Tells failed statements apart by what their caller has to do. */

/**
 * - `refused`: the data cannot be stored, now or ever (SQLSTATE classes 22 and 23).
 * - `no-partition`: the day has no partition yet.
 * - `repeated`: a row with this id exists: an earlier try of the same statement did commit.
 * - `unavailable`: everything else: no connection, a restart, a full disk, a missing table. Whether the statement
 *   committed is unknown; waiting may help.
 */
export type FailureKind = 'refused' | 'no-partition' | 'repeated' | 'unavailable';

/** Source: PostgreSQL, Appendix A "Error Codes"; ExecFindPartition reports a missing partition as check_violation. */
export function failureKind(error: unknown): FailureKind {
  if (!(error instanceof Error && 'code' in error)) return 'unavailable';
  const { code, message } = error;
  if (typeof code !== 'string') return 'unavailable';
  if (code === '23514' && message.includes('no partition of relation')) return 'no-partition';
  if (code === '23505') return 'repeated';
  return code.startsWith('22') || code.startsWith('23') ? 'refused' : 'unavailable';
}
