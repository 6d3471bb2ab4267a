/** Listens for notifications on the channel `hookline`; `migrations/0003-triggers.ts` has the channel. */
import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';
import { Client } from 'pg';

import type { Database } from '../database.ts';
import { connectMsMax, keepAliveMs } from './session.ts';

/**
 * `change`: there is something new in the change log; `due`: a delivery of the present day is due; `due:old`: one of any day
 * is; `probe:<token>`: somebody asks whether they hear.
 */
export type Notification =
  | { readonly kind: 'change' }
  | { readonly kind: 'due'; readonly isOld: boolean }
  | { readonly kind: 'probe'; readonly token: string };

export interface Listener {
  /** Rejects with the connection's error, resolves when closed. Notifications may be lost from then on. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens a connection of its own, because the pool may give a pooled one to another statement. */
export async function listen(
  url: string,
  onNotification: (notification: Notification) => void,
): Promise<Listener> {
  const client = new Client({
    connectionString: url,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    connectionTimeoutMillis: connectMsMax,
  });
  const ended = new Promise<void>((resolve, reject) => {
    client.on('error', reject);
    client.on('end', resolve);
  });
  // Nobody may be waiting yet when the connection breaks; whoever awaits `ended` still sees it.
  ended.catch(() => {});
  client.on('notification', ({ payload }) => {
    const notification = parse(payload ?? '');
    if (notification) onNotification(notification);
  });
  await client.connect();
  await client.query('listen hookline');
  return { ended, close: () => client.end() };
}

/** Payload of the notification that deliveries of any day are due: after a redelivery or a take-over. */
export const dueOld = 'due:old';

function parse(payload: string): Notification | undefined {
  if (payload === 'change') return { kind: payload };
  if (payload === 'due' || payload === dueOld) return { kind: 'due', isOld: payload === dueOld };
  return payload.startsWith(probePrefix)
    ? { kind: 'probe', token: payload.slice(probePrefix.length) }
    : undefined;
}

const probePrefix = 'probe:';

/**
 * Whether notifications that are sent over `database` arrive at a connection to `url`.
 *
 * @param waitMs how long one may take, in milliseconds.
 * @throws when it cannot connect, or cannot listen.
 */
export async function areNotificationsHeard(
  url: string,
  database: Database,
  waitMs: number,
): Promise<boolean> {
  const token = randomUUID();
  const { promise: heard, resolve } = Promise.withResolvers<boolean>();
  const listener = await listen(url, one => {
    if (one.kind === 'probe' && one.token === token) resolve(true);
  });
  const timer = setTimeout(() => resolve(false), waitMs);
  try {
    await sendProbe(database, token);
    return await heard;
  } finally {
    clearTimeout(timer);
    await listener.close();
  }
}

/** Sends a notification that every process hears, if its connection hears any. */
export async function sendProbe(database: Database, token: string): Promise<void> {
  await sql`select pg_notify('hookline', ${probePrefix + token})`.execute(database);
}
