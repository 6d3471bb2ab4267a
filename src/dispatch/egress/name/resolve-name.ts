/**
 * Resolves names for everybody, so that no name takes the resolver from anybody else (decision 77).
 *
 *     /etc/hosts → DNS, with the search list → the system's own resolver, for whatever else it knows
 *
 * The system's resolver holds one of the process's four threads until it has an answer, which for a name whose servers are mute
 * takes as long as it likes. So it is asked last, and never about a name that DNS is mute about.
 */
import { lookup } from 'node:dns/promises';

import { Turns } from '../../../event/turns.ts';
import type { Lookup, ResolvedAddress } from '../guard.ts';
import { createAskDns, type AskDns, type DnsAnswer } from './ask-dns.ts';
import { candidates, openNameFiles, type NameFiles } from './name-files.ts';

/** No name server answered for the name. The attempt failed; it may be repeated. */
class MuteNameError extends Error {
  override readonly name = 'MuteNameError';
  /** As the system's resolver says it. */
  readonly code = 'EAI_AGAIN';

  constructor(hostname: string) {
    super(`no name server answers for ${hostname} (EAI_AGAIN)`);
  }
}

export interface ResolverOptions {
  readonly files?: NameFiles;
  readonly ask?: AskDns;
  /** The system's resolver. */
  readonly system?: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  /** Deadline for one name, from the first question on. */
  readonly deadlineMs?: number;
  readonly now?: () => number;
}

/** Threads that the system's resolver may hold; one owner never holds all of them. */
const systemLimits = { max: 2, ownerMax: 1 };
const nameMsMax = 5_000;
/** How long it is remembered that a name is mute, and that there is none. */
const rememberedMs = { mute: 30_000, none: 5_000 };
const rememberedMax = 10_000;

interface Failure {
  readonly error: unknown;
  readonly untilMs: number;
}

export function createResolver({
  files = openNameFiles(),
  ask = createAskDns(),
  system = async hostname => lookup(hostname, { all: true }),
  deadlineMs = nameMsMax,
  now = performance.now.bind(performance),
}: ResolverOptions = {}): Lookup {
  const turns = new Turns(systemLimits);
  const failures = new Map<string, Failure>();

  function fail(hostname: string, error: unknown, ms: number): never {
    failures.delete(hostname);
    const [oldest] = failures.size < rememberedMax ? [] : failures.keys();
    if (oldest !== undefined) failures.delete(oldest);
    failures.set(hostname, { error, untilMs: now() + ms });
    throw error;
  }

  async function askDns(hostname: string): Promise<DnsAnswer> {
    // Such names are not DNS's: a machine says its own by multicast.
    if (/(^|\.)local\.?$/i.test(hostname)) return { kind: 'none' };
    for (const name of candidates(hostname, files.search())) {
      const answer = await ask(name);
      if (answer.kind !== 'none') return answer;
    }
    return { kind: 'none' };
  }

  async function askSystem(hostname: string, owner: string, signal: AbortSignal) {
    const asked = turns.take(owner, () => system(hostname), signal);
    return unlessLate(asked, signal);
  }

  return async (hostname, owner = '') => {
    const known = files.hosts().get(hostname.toLowerCase());
    if (known) return known;
    const failure = failures.get(hostname);
    if (failure && failure.untilMs > now()) throw failure.error;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new MuteNameError(hostname)), deadlineMs);
    try {
      const answer = await unlessLate(askDns(hostname), late.signal);
      if (answer.kind === 'found') return answer.addresses;
      if (answer.kind === 'mute') throw new MuteNameError(hostname);
      return await askSystem(hostname, owner, late.signal);
    } catch (error) {
      return fail(
        hostname,
        error,
        error instanceof MuteNameError ? rememberedMs.mute : rememberedMs.none,
      );
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Waits for work until the signal aborts; what comes later is not waited for. @throws the signal's reason. */
async function unlessLate<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const giveUp = (): void => late.reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
