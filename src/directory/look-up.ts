/**
 * Looks up accounts in the cloud that the directory does not know, while their events wait to be matched.
 *
 * There is one look-up per account at a time, however many events name it. After "not found" the account, and after a
 * failure every account, is not looked up for a while: a flood of unknown ids, or a dead API, delays the intake only now
 * and then, for a bounded time.
 */
import type { Log } from '../event/log.ts';
import type { DirectoryProvider, FoundAccount, WantedAccount } from './provider.ts';

export interface LookUpsOptions {
  readonly provider: DirectoryProvider;
  /** Stores what was found; resolves once matching sees it. */
  readonly learn: (found: FoundAccount) => Promise<void>;
  readonly isKnownDomain: (id: string) => Promise<boolean>;
  /** How long an account that the cloud does not know is not looked up again. */
  readonly unknownMs: number;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly onResult: (result: LookUpResult) => void;
  readonly log: Log;
}

export type LookUpResult = 'found' | 'unknown' | 'failed';

export interface LookUps {
  /** Whether the account may be looked up now. */
  isWorthAsking(accountId: string): boolean;
  /** Looks accounts up; resolves when every answer is there, whatever it is, or when `signal` aborts. */
  ask(wanted: readonly WantedAccount[], signal: AbortSignal): Promise<void>;
  /** Aborts running look-ups. */
  close(): void;
}

/** Maximum number of look-ups at a time; others wait. */
const concurrencyMax = 4;
/** Maximum number of accounts being looked up or waiting. */
const waitingMax = 1_000;
/** Maximum number of accounts remembered as unknown to the cloud; then the oldest is forgotten. */
const unknownMax = 10_000;
/** Pause of all look-ups after a failure. */
const restMs = 15_000;

export function createLookUps(options: LookUpsOptions): LookUps {
  const { unknownMs, now } = options;
  const stop = new AbortController();
  const unknownUntil = new Map<string, number>();
  const waiting = new Map<string, Promise<void>>();
  const turns = createTurns(concurrencyMax);
  let restUntil = -Infinity;

  const one = async (wanted: WantedAccount): Promise<void> => {
    if (now() < restUntil || stop.signal.aborted) return;
    const result = await askOne(options, wanted, stop.signal);
    if (stop.signal.aborted) return;
    options.onResult(result);
    if (result === 'failed') restUntil = now() + restMs;
    if (result !== 'unknown') return;
    const [oldest] = unknownUntil.size >= unknownMax ? unknownUntil.keys() : [];
    if (oldest !== undefined) unknownUntil.delete(oldest);
    unknownUntil.set(wanted.accountId, now() + unknownMs);
  };

  const isWorthAsking: LookUps['isWorthAsking'] = accountId => {
    if (waiting.has(accountId)) return true;
    if (now() < restUntil || waiting.size >= waitingMax) return false;
    const until = unknownUntil.get(accountId);
    if (until === undefined) return true;
    if (now() < until) return false;
    unknownUntil.delete(accountId);
    return true;
  };

  return {
    isWorthAsking,
    async ask(wanted, signal) {
      const asked = wanted.flatMap(account => {
        const { accountId } = account;
        if (!isWorthAsking(accountId)) return [];
        const underWay =
          waiting.get(accountId) ??
          turns(() => one(account)).finally(() => waiting.delete(accountId));
        waiting.set(accountId, underWay);
        return [underWay];
      });
      const isDone = await Promise.race([Promise.all(asked).then(() => true), aborted(signal)]);
      // An API too slow to wait for is treated like one that failed.
      if (!isDone) restUntil = now() + restMs;
    },
    close: () => stop.abort(),
  };
}

async function askOne(
  { provider, isKnownDomain, learn, log }: LookUpsOptions,
  wanted: WantedAccount,
  signal: AbortSignal,
): Promise<LookUpResult> {
  try {
    const found = await provider.lookUp(wanted, { isKnownDomain, signal });
    if (!found) return 'unknown';
    await learn(found);
    log.info({ account: found.account.id, domain: found.account.domainId }, 'account.found');
    return 'found';
  } catch (error) {
    if (!signal.aborted)
      log.warn({ err: error, account: wanted.accountId }, 'account.not_asked_for');
    return 'failed';
  }
}

async function aborted(signal: AbortSignal): Promise<false> {
  if (!signal.aborted) {
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
  }
  return false;
}

/** Runs at most `max` works at a time, first come first served. */
function createTurns(max: number): (work: () => Promise<void>) => Promise<void> {
  const queue: (() => void)[] = [];
  let running = 0;
  return async work => {
    if (running >= max) await new Promise<void>(resolve => queue.push(resolve));
    else running += 1;
    try {
      await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
