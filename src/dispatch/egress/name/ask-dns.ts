/** Asks the name servers of `/etc/resolv.conf` for the addresses of one name, without holding a thread. */
import { Resolver } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { ResolvedAddress } from '../guard.ts';

export type DnsAnswer =
  | { readonly kind: 'found'; readonly addresses: readonly ResolvedAddress[] }
  /** There is no such name, or it has no address. */
  | { readonly kind: 'none' }
  /** Nobody answered, or a server whose own questions nobody answered. */
  | { readonly kind: 'mute' }
  /** There is no name server to be asked. */
  | { readonly kind: 'unable' };

/** Time for one question, doubled once, and then asked a third time. */
const questionMs = { timeout: 1_000, maxTimeout: 2_000, tries: 3 };
/** How much longer a name's IPv6 addresses may take than its IPv4 addresses did. */
const graceMs = 300;
/** How long a resolver is kept: it reads `/etc/resolv.conf` once. */
const resolverMs = 60_000;

export type AskDns = (name: string) => Promise<DnsAnswer>;

/** @param servers `address:port` each, instead of those of `/etc/resolv.conf`. */
export function createAskDns(servers?: readonly string[]): AskDns {
  let resolver: Resolver | undefined;
  let openedAtMs = 0;
  const open = (): Resolver => {
    const nowMs = performance.now();
    if (resolver && nowMs - openedAtMs < resolverMs) return resolver;
    resolver = new Resolver(questionMs);
    if (servers) resolver.setServers(servers);
    openedAtMs = nowMs;
    return resolver;
  };
  return async name => {
    const present = open();
    const four = answerOf(present.resolve4(name), 4);
    const six = answerOf(present.resolve6(name), 6);
    const first = await four;
    if (first.kind !== 'found') return six;
    const second = await Promise.race([six, delay(graceMs, undefined, { ref: false })]);
    return second?.kind === 'found'
      ? { kind: 'found', addresses: [...first.addresses, ...second.addresses] }
      : first;
  };
}

async function answerOf(asked: Promise<readonly string[]>, family: 4 | 6): Promise<DnsAnswer> {
  try {
    const addresses = await asked;
    return { kind: 'found', addresses: addresses.map(address => ({ address, family })) };
  } catch (error) {
    return { kind: kindOf(error instanceof Error && 'code' in error ? error.code : undefined) };
  }
}

function kindOf(code: unknown): Exclude<DnsAnswer['kind'], 'found'> {
  switch (code) {
    case 'ENOTFOUND':
    case 'ENODATA':
    case 'EBADNAME':
      return 'none';
    case 'ECONNREFUSED':
    case 'ENOTINITIALIZED':
      return 'unable';
    default:
      return 'mute';
  }
}
