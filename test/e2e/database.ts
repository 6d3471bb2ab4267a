/** Plain SQL, as an admin or an observer says it: each statement on a connection of its own, so restarts do no harm. */
import { Client, type QueryResultRow } from 'pg';

import { waitUntil } from '../service/wait-until.ts';

export async function query<Row extends QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url, application_name: observer });
  // A server that stops ends idle connections with an error of their own; the query's rejection says enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

const observer = 'hookline test';

export async function count(url: string, what: string, values: readonly unknown[] = []) {
  const [row] = await query<{ n: number }>(url, `select count(*)::int as n from ${what}`, values);
  return row?.n ?? 0;
}

/** Resolves when nobody but observers is connected: what a killed process had sent has committed or never will. */
export async function untilAlone(url: string): Promise<void> {
  const others = `pg_stat_activity where datname = current_database()
    and backend_type = 'client backend' and application_name <> $1`;
  await waitUntil('the connections of a killed process to end', async () => {
    return (await count(url, others, [observer])) === 0;
  });
}

export interface WebhookRow {
  readonly name: string;
  readonly accountId: string;
  readonly domainId: string;
  readonly payloadUrl: string;
  readonly scope?: 'Local' | 'Domain' | 'Global';
  readonly tries?: number;
  readonly timeoutMs?: number;
}

/** @returns its id. */
export async function insertWebhook(url: string, row: WebhookRow): Promise<string> {
  const { name, accountId, domainId, payloadUrl, scope = 'Local', tries, timeoutMs } = row;
  const [made] = await query<{ id: string }>(
    url,
    `insert into webhook (name, account_id, domain_id, payload_url, scope, tries, timeout_ms)
      values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [name, accountId, domainId, payloadUrl, scope, tries ?? null, timeoutMs ?? null],
  );
  if (!made) throw new Error('no webhook was made');
  return made.id;
}
