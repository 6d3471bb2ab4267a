/** What a run costs PostgreSQL, in its own words and in the system's. */
import { Client } from 'pg';

import { parentOf, treeCpuMsOf } from './proc.ts';

/** So far, on the whole server except for what this meter itself caused. */
export interface PostgresCost {
  readonly cpuMs: number;
  readonly walBytes: number;
  /** Statements clients ran in the metered database; begin and commit count. */
  readonly statements: number;
}

export interface StatementCost {
  readonly query: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly rows: number;
  readonly walBytes: number;
}

export interface WalCost {
  /** `Heap/INSERT`. */
  readonly record: string;
  readonly count: number;
  readonly bytes: number;
}

export interface PostgresMeter extends AsyncDisposable {
  read(database: string): Promise<PostgresCost>;
  /** Writes what is left from before, so that it is not counted in what follows. */
  settle(): Promise<void>;
  /** Forgets all statements so far. */
  resetStatements(): Promise<void>;
  statements(database: string): Promise<readonly StatementCost[]>;
  /** WAL between two readings of `position`, by kind of record. */
  wal(from: string, to: string): Promise<readonly WalCost[]>;
  position(): Promise<string>;
}

/** Settings the server needs so that it can be metered. */
export const meteredSettings = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
};

/** @param url of a superuser, to another database than those that are metered. */
export async function openPostgresMeter(url: string): Promise<PostgresMeter> {
  const client = new Client(url);
  await client.connect();
  await client.query('create extension if not exists pg_stat_statements');
  await client.query('create extension if not exists pg_walinspect');
  const self = await ownPid(client);
  const postmaster = parentOf(self);
  return {
    async read(database) {
      const { rows } = await client.query<{ statements: string; wal: string }>(
        `select coalesce((select sum(calls) from pg_stat_statements
           where dbid = (select oid from pg_database where datname = $1)), 0) as statements,
           pg_current_wal_lsn() - '0/0' as wal`,
        [database],
      );
      return {
        cpuMs: treeCpuMsOf(postmaster, self),
        statements: Number(rows[0]?.statements),
        walBytes: Number(rows[0]?.wal),
      };
    },
    async settle() {
      await client.query('checkpoint');
    },
    async resetStatements() {
      await client.query('select pg_stat_statements_reset()');
    },
    async statements(database) {
      const { rows } = await client.query<StatementCost>(
        `select query, calls::int, (total_exec_time + total_plan_time) as "totalMs", rows::int,
           wal_bytes::float8 as "walBytes" from pg_stat_statements
         where dbid = (select oid from pg_database where datname = $1)
         order by total_exec_time + total_plan_time desc`,
        [database],
      );
      return rows;
    },
    async wal(from, to) {
      const { rows } = await client.query<WalCost>(
        `select "resource_manager/record_type" as record, count::int, combined_size::float8 as bytes
         from pg_get_wal_stats($1, $2, true) where count > 0 order by combined_size desc`,
        [from, to],
      );
      return rows;
    },
    async position() {
      const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_lsn() as lsn');
      return rows[0]?.lsn ?? '0/0';
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function ownPid(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? -1;
}
