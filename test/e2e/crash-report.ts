/** Counts what became of everything that was published, at the receiver and in the database. */
import { hash } from 'node:crypto';

import type { CloudMessage } from '../demo/cloudstack-message.ts';
import type { Accepted, Counter } from './counter.ts';
import { listeners } from './crash-tenants.ts';
import { count, query } from './database.ts';

export interface CrashReport {
  readonly published: number;
  /** Pairs of event and webhook. */
  readonly owed: number;
  /** Owed and never accepted by the receiver. */
  readonly lost: number;
  /** Accepted where nobody wanted it, with a body that nobody published, or refused for want of a signature. */
  readonly astray: number;
  readonly recordedTwice: number;
  /** Bodies that came to one webhook under several ids. */
  readonly manyIds: number;
  /** Accepted again after it had been accepted. */
  readonly duplicates: number;
  /** Of these, those that came from the process that had sent it before. */
  readonly repeatedInOneLife: number;
  /** Rows of deliveries by state. */
  readonly deliveries: Readonly<Record<string, number>>;
  /** Rows of processes that have not left. */
  readonly processes: number;
}

export async function reportOn(
  published: readonly CloudMessage[],
  counter: Counter,
  databaseUrl: string,
): Promise<CrashReport> {
  const accepted = [...counter.accepted.values()];
  const cameBy = Map.groupBy(accepted, ({ path, body }) => `${path} ${body}`);
  const owed = owedBy(published);
  const doubled = await query<{ n: number }>(
    databaseUrl,
    'select (count(*) - count(distinct body))::int as n from event',
  );
  const states = await query<{ state: string; n: number }>(
    databaseUrl,
    'select state, count(*)::int as n from delivery group by state',
  );
  return {
    published: published.length,
    owed: owed.size,
    lost: [...owed].filter(pair => !cameBy.has(pair)).length,
    astray: [...cameBy.keys()].filter(pair => !owed.has(pair)).length + counter.refused,
    recordedTwice: doubled[0]?.n ?? -1,
    manyIds: [...cameBy.values()].filter(ids => ids.length > 1).length,
    duplicates: sum(accepted, ({ lives }) => lives.length - 1),
    repeatedInOneLife: sum(accepted, ({ lives }) => lives.length - new Set(lives).size),
    deliveries: Object.fromEntries(states.map(({ state, n }) => [state, n])),
    processes: await count(databaseUrl, 'process'),
  };
}

export function countOwed(published: readonly CloudMessage[]): number {
  return listeners.reduce((total, { wants }) => total + published.filter(wants).length, 0);
}

/** What that life has had accepted, and no row says so: it will be sent again. */
export async function countInFlight(
  counter: Counter,
  life: number,
  databaseUrl: string,
): Promise<number> {
  const rows = await query<{ path: string; id: string }>(
    databaseUrl,
    `select w.name as path, d.event_id as id from delivery d join webhook w on w.id = d.webhook_id
      where d.state = 'delivered'`,
  );
  const written = new Set(rows.map(({ path, id }) => `${path} ${id}`));
  const isInFlight = ({ path, id, lives }: Accepted): boolean =>
    lives.at(-1) === life && !written.has(`${path} ${id}`);
  return [...counter.accepted.values()].filter(isInFlight).length;
}

function owedBy(published: readonly CloudMessage[]): ReadonlySet<string> {
  return new Set(
    listeners.flatMap(({ path, wants }) =>
      published.filter(wants).map(({ body }) => `${path} ${hash('sha256', body)}`),
    ),
  );
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
