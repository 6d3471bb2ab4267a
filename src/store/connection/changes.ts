/** Listens to the changes that triggers notify of. `migrations/0003-triggers.ts` has the channel and its payloads. */
import { Client } from 'pg';

import { connectMsMax, keepAliveMs } from './session.ts';

/**
 * `webhook:<id>`, `domain:<id>`, `account:<id>`: that row changed; `health:<id>`: the health of that webhook
 * did; `truncate`: any row may have; `due`: a delivery of the
 * present day is due; `due:old`: a delivery of any day is.
 */
export type Change =
  | { readonly kind: 'webhook' | 'domain' | 'account' | 'health'; readonly id: string }
  | { readonly kind: 'truncate' }
  /** Some setting changed; the payload does not say which. */
  | { readonly kind: 'setting' }
  | { readonly kind: 'due'; readonly isOld: boolean };

export interface ChangeListener {
  /** Rejects with the connection's error, resolves when closed. Notifications may be lost from then on. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens a connection of its own, because the pool may give a pooled one to another statement. */
export async function listenToChanges(
  url: string,
  onChange: (change: Change) => void,
): Promise<ChangeListener> {
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
    const change = parseChange(payload ?? '');
    if (change) onChange(change);
  });
  await client.connect();
  await client.query('listen hookline');
  return { ended, close: () => client.end() };
}

/** Payload of the notification that deliveries of any day are due: after a redelivery or a take-over. */
export const dueOld = 'due:old';

function parseChange(payload: string): Change | undefined {
  if (payload === 'truncate') return { kind: payload };
  if (payload === 'due' || payload === dueOld) return { kind: 'due', isOld: payload === dueOld };
  const colon = payload.indexOf(':');
  const kind = payload.slice(0, colon);
  if (kind === 'setting') return { kind };
  if (!isRowKind(kind)) return undefined;
  return { kind, id: payload.slice(colon + 1) };
}

const rowKinds = ['webhook', 'domain', 'account', 'health'] as const;

const isRowKind = (kind: string): kind is (typeof rowKinds)[number] =>
  rowKinds.some(known => known === kind);
