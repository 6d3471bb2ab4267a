/** Login attempts, counted over time windows. `access/login-limit.ts` has the limits. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { anyOf } from '../sql/condition.ts';

const window = sql`interval '15 minutes'`;

/** Counts one attempt under each key, and deletes windows that have ended. */
export async function countLoginAttempt(
  database: Database,
  keys: readonly string[],
): Promise<readonly { key: string; count: number; endsInSeconds: number }[]> {
  await sql`delete from login_attempt where key in (select key from login_attempt
    where since < now() - ${window} for update skip locked)`.execute(database);
  const { rows } = await sql<{ key: string; count: number; ends: number }>`
    insert into login_attempt as l (key, count)
    select key, 1 from unnest(${[...keys].toSorted()}::text[]) as wanted(key)
    on conflict (key) do update set
      count = case when l.since < now() - ${window} then 1 else l.count + 1 end,
      since = case when l.since < now() - ${window} then now() else l.since end
    returning key, count, ceil(extract(epoch from since + ${window} - now()))::int as ends`.execute(
    database,
  );
  return rows.map(({ key, count, ends }) => ({ key, count, endsInSeconds: ends }));
}

/** Takes an attempt back: deletes the count of the key `clear`, and lowers the others by one. */
export async function forgiveLoginAttempt(
  database: Database,
  { clear, lower }: { clear: string | undefined; lower: readonly string[] },
): Promise<void> {
  if (clear !== undefined) {
    await database.deleteFrom('login_attempt').where('key', '=', clear).execute();
  }
  await database
    .updateTable('login_attempt')
    .set(eb => ({ count: eb('count', '-', 1) }))
    .where('key', '=', anyOf(lower))
    .where('count', '>', 0)
    .execute();
}
