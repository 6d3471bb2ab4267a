/** Rows of settings. `src/setting/` resolves them to values. */
import { sql } from 'kysely';

import type { Database } from './database.ts';
import type { Row } from './schema/tables.ts';
import { anyOf, columnsOf } from './sql/condition.ts';
import { now } from './sql/instant.ts';

const columns = ['scope', 'scopeId', 'name', 'value'] as const;
/** The value of one setting in one place. */
export type SettingRow = Readonly<Pick<Row<'setting'>, (typeof columns)[number]>>;
export type SettingPlace = Pick<SettingRow, 'scope' | 'scopeId'>;

export async function loadSettings(database: Database): Promise<readonly SettingRow[]> {
  return database.selectFrom('setting').select(columns).execute();
}

/** Finds all settings of some places. */
export async function findSettings(
  database: Database,
  places: readonly SettingPlace[],
): Promise<readonly SettingRow[]> {
  const wanted = sql<SettingPlace>`unnest(
    ${places.map(({ scope }) => scope)}::text[], ${places.map(({ scopeId }) => scopeId)}::text[])`;
  return database
    .selectFrom('setting')
    .innerJoin(wanted.as<'wanted'>(sql`wanted(scope, scope_id)`), join =>
      join
        .onRef('wanted.scope', '=', 'setting.scope')
        .onRef('wanted.scopeId', '=', 'setting.scopeId'),
    )
    .select(columnsOf('setting', columns))
    .execute();
}

/** Inserts or updates a setting. @returns the value before. */
export async function putSetting(
  database: Database,
  { scope, scopeId, name, value }: SettingRow,
): Promise<string | undefined> {
  const before = await database
    .selectFrom('setting')
    .select('value')
    .where(eb => eb.and({ scope, scopeId, name }))
    .forUpdate()
    .executeTakeFirst();
  await database
    .insertInto('setting')
    .values({ scope, scopeId, name, value })
    .onConflict(conflict =>
      conflict.columns(['scope', 'scopeId', 'name']).doUpdateSet({ value, updated: now }),
    )
    .execute();
  return before?.value;
}

/** Deletes a setting. @param names its name and its aliases. @returns the value before. */
export async function deleteSetting(
  database: Database,
  { scope, scopeId }: SettingPlace,
  names: readonly string[],
): Promise<string | undefined> {
  const before = await database
    .deleteFrom('setting')
    .where(eb => eb.and({ scope, scopeId }))
    .where('name', '=', anyOf(names))
    .returning('value')
    .executeTakeFirst();
  return before?.value;
}
