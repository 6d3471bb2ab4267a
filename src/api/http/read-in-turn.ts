/**
 * Turns of accounts at reading the database: the API has few connections, and no account may occupy all of them with long
 * lists.
 */
import type { Principal } from '../../access/session.ts';
import { Turns } from '../../event/turns.ts';
import { ProblemError } from './problem.ts';

/**
 * Does work that reads, when it is the account's turn.
 *
 * @throws {ProblemError} requests_limited @throws what `work` throws, or the reason of the caller's signal.
 */
export type ReadInTurn = <T>(
  caller: { readonly principal: Principal; readonly signal: AbortSignal },
  work: () => Promise<T>,
) => Promise<T>;

/** Maximum number of reading requests of an account, those that wait included. */
const askedMax = 50;
const waitMsMaxDefault = 10_000;

export interface ReadInTurnOptions {
  /** Maximum number of reads at a time; half of them for one account. */
  readonly max: number;
  /** Maximum time that a request waits for its turn. */
  readonly waitMsMax?: number;
}

export function createReadInTurn({
  max,
  waitMsMax = waitMsMaxDefault,
}: ReadInTurnOptions): ReadInTurn {
  const turns = new Turns({ max, ownerMax: Math.ceil(max / 2) });
  const asked = new Map<string, number>();
  return async ({ principal: { accountId, userId }, signal }, work) => {
    const owner = accountId ?? userId;
    const before = asked.get(owner) ?? 0;
    if (before >= askedMax) throw limited();
    asked.set(owner, before + 1);
    const tooLong = AbortSignal.timeout(waitMsMax);
    try {
      return await turns.take(owner, work, AbortSignal.any([signal, tooLong]));
    } catch (error) {
      throw tooLong.aborted && error === tooLong.reason ? limited() : error;
    } finally {
      const left = (asked.get(owner) ?? 0) - 1;
      if (left === 0) asked.delete(owner);
      else asked.set(owner, left);
    }
  };
}

const limited = (): ProblemError =>
  new ProblemError(
    'requests_limited',
    'Too many requests of your account are in progress; try again when they are answered.',
    [],
    1,
  );
