/** Settings as they are kept. What they mean is in `src/setting/`. */
import { sql } from 'kysely';

import type { Database } from './database.ts';

export interface StoredSetting {
  readonly scope: 'webhook' | 'domain' | 'global';
  readonly scopeId: string;
  readonly name: string;
  readonly value: string;
}

const columns = sql`s.scope, s.scope_id as "scopeId", s.name, s.value`;

export async function loadSettings(database: Database): Promise<readonly StoredSetting[]> {
  const { rows } = await sql<StoredSetting>`select ${columns} from setting s`.execute(database);
  return rows;
}

/** Those of some places. */
export async function findSettings(
  database: Database,
  places: readonly Pick<StoredSetting, 'scope' | 'scopeId'>[],
): Promise<readonly StoredSetting[]> {
  const { rows } = await sql<StoredSetting>`
    select ${columns} from setting s join unnest(
      ${places.map(({ scope }) => scope)}::text[], ${places.map(({ scopeId }) => scopeId)}::text[])
      as wanted(scope, scope_id) on s.scope = wanted.scope and s.scope_id = wanted.scope_id`.execute(
    database,
  );
  return rows;
}

/** @returns what was there before. */
export async function putSetting(
  database: Database,
  { scope, scopeId, name, value }: StoredSetting,
): Promise<string | undefined> {
  const { rows } = await sql<{ value: string }>`select value from setting
    where scope = ${scope} and scope_id = ${scopeId} and name = ${name} for update`.execute(
    database,
  );
  await sql`insert into setting (scope, scope_id, name, value)
    values (${scope}, ${scopeId}, ${name}, ${value})
    on conflict (scope, scope_id, name) do update set value = excluded.value, updated = now()`.execute(
    database,
  );
  return rows[0]?.value;
}

/** @param names the setting's name and its aliases. @returns what was there. */
export async function deleteSetting(
  database: Database,
  { scope, scopeId }: Pick<StoredSetting, 'scope' | 'scopeId'>,
  names: readonly string[],
): Promise<string | undefined> {
  const { rows } = await sql<{ value: string }>`delete from setting
    where scope = ${scope} and scope_id = ${scopeId} and name = any(${[...names]}::text[])
    returning value`.execute(database);
  return rows[0]?.value;
}
