/** Listens for notifications on the channel `hookline`; `migrations/0003-triggers.ts` has the channel. */
import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { connectAlone } from './session.ts';

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

/** How often the connection is tried: whoever only listens does not notice that nobody is there any more. */
const heartbeatMs = 2_000;

/** Maximum time that such a try takes where the session cannot be asked for, behind a pooler. */
const heartbeatMsMax = 6_000;

/** Opens a connection of its own, because the pool may give a pooled one to another statement. */
export async function listen(
  url: string,
  onNotification: (notification: Notification) => void,
): Promise<Listener> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  // Nobody may be waiting yet when the connection breaks; whoever awaits `ended` still sees it.
  ended.catch(() => {});
  const facts = { name: 'hookline listen', silenceMs: heartbeatMsMax };
  const client = await connectAlone(url, facts, async one => {
    one.on('error', reject);
    one.on('end', resolve);
    one.on('notification', ({ payload }) => {
      const notification = parse(payload ?? '');
      if (notification) onNotification(notification);
    });
    await one.query('listen hookline');
  });
  let isAwaited = false;
  const heart = setInterval(() => {
    if (isAwaited) return;
    isAwaited = true;
    // A connection that breaks says so by its own events.
    client.query('select').then(
      () => (isAwaited = false),
      () => {},
    );
  }, heartbeatMs);
  client.once('end', () => clearInterval(heart));
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
