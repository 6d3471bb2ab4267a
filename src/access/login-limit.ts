/**
 * Rate limit against password guessing: a maximum number of attempts in a quarter of an hour for each user at each address,
 * for each address, and for each user from everywhere. They are counted in the database, so that replicas count together.
 *
 * An attempt is counted before its password is checked, or many concurrent ones would all pass; one that succeeds is taken
 * off again. The limit of a user is far higher than that of a pair: a stranger must not lock somebody out from one place.
 */
import { hash } from 'node:crypto';

import ipaddr from 'ipaddr.js';

import { countLoginAttempt, forgiveLoginAttempt } from '../store/access/login-attempt.ts';
import type { Database } from '../store/database.ts';

const limits = { pair: 10, address: 100, user: 200 } as const;

export interface LoginAttempt {
  /** Absent when the user is not known yet: only the address is counted. */
  readonly username?: string;
  /** IP address of the peer. */
  readonly address: string;
}

/** @returns the seconds to wait before another attempt; undefined when this one is allowed. */
export async function countAttempt(
  database: Database,
  attempt: LoginAttempt,
): Promise<number | undefined> {
  const keys = keysOf(attempt);
  const counted = await countLoginAttempt(database, Object.values(keys));
  const waits = counted
    .filter(({ key, count }) => count > limitOf(key, keys))
    .map(({ endsInSeconds }) => endsInSeconds);
  return waits.length === 0 ? undefined : Math.max(1, ...waits);
}

/** Takes a successful attempt off the counts. */
export async function forgiveAttempt(database: Database, attempt: LoginAttempt): Promise<void> {
  const { pair, ...others } = keysOf(attempt);
  await forgiveLoginAttempt(database, { clear: pair, lower: Object.values(others) });
}

type Keys = Readonly<Pick<Record<keyof typeof limits, string>, 'address'>> &
  Readonly<Partial<Record<'pair' | 'user', string>>>;

/** Counter keys. Usernames are hashed, because people sometimes type their password instead. */
function keysOf({ username, address }: LoginAttempt): Keys {
  const network = networkOf(address);
  const place = { address: `address:${network}` };
  if (username === undefined) return place;
  const user = hash('sha256', username, 'base64url');
  return { ...place, pair: `pair:${user}@${network}`, user: `user:${user}` };
}

function limitOf(key: string, keys: Keys): number {
  if (key === keys.pair) return limits.pair;
  return key === keys.address ? limits.address : limits.user;
}

/** The network of an address: whoever has one IPv6 address has its /64. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts.slice(0, 4).join(':')}::/64`
    : parsed.toString();
}
