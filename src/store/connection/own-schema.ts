/** The schema that Hookline's tables are in: the first one of `search_path`, like that of any table without a schema's name. */
import { sql } from 'kysely';

import type { Database } from '../database.ts';
import { migrationTable } from './migrator.ts';

export interface OwnSchema {
  /** Null when no schema of `search_path` exists. */
  readonly schema: string | null;
  /** The schema of the table of migrations that statements see; null when they see none. */
  readonly migrated: string | null;
  /** The user may create tables in `schema`; each day needs a partition. */
  readonly mayCreate: boolean;
  readonly user: string;
  readonly database: string;
  readonly searchPath: string;
  /** What gives the user a schema of its own, for somebody who may: two statements. */
  readonly remedy: string;
}

export async function findOwnSchema(database: Database): Promise<OwnSchema> {
  const { rows } = await sql<OwnSchema>`
    select current_schema() as schema,
      (select nspname from pg_class c join pg_namespace n on n.oid = relnamespace
        where c.oid = to_regclass(${migrationTable})) as migrated,
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayCreate",
      current_user as user, current_database() as database, current_setting('search_path') as "searchPath",
      format('create schema hookline authorization %I; alter role %I in database %I set search_path = hookline;',
        current_user, current_user, current_database()) as remedy`.execute(database);
  const [own] = rows;
  if (!own) throw new RangeError('a select without from has one row');
  return own;
}

export interface SchemaProblem {
  /** @example 'the user hk may not create tables in the schema public' */
  readonly found: string;
  readonly hint: string;
}

/** Why tables cannot be created there, or would be where only some statements see them; undefined when they can. */
export function problemOf({
  schema,
  migrated,
  mayCreate,
  ...own
}: OwnSchema): SchemaProblem | undefined {
  if (migrated !== null && migrated !== schema) {
    return {
      found: `search_path is ${own.searchPath}: tables would be created in the schema ${schema}, but there is a table "${migrationTable}" in ${migrated}`,
      hint: "Let search_path name only the schema that is to have Hookline's tables.",
    };
  }
  if (mayCreate) return undefined;
  const where = schema === null ? 'any schema of search_path' : `the schema ${schema}`;
  return {
    found: `the user ${own.user} may not create tables in ${where}`,
    hint: `Hookline creates its tables, and new ones for each day. Have a database administrator give it a schema of its own: ${own.remedy}`,
  };
}
