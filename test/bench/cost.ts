/** What a run costs: processor time and memory from Linux's /proc, statements and WAL from PostgreSQL itself. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { Client } from 'pg';

const tickMs = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Fields of /proc/<pid>/stat behind the name, which may hold anything. Source: proc_pid_stat(5). */
const field = { parent: 1, user: 11, system: 12, childrenUser: 13, childrenSystem: 14 } as const;

/** User and system time of the process and its threads, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = statOf(pid);
  return (at(stat, field.user) + at(stat, field.system)) * tickMs;
}

/** The most memory the process has held so far, in MB. */
export function peakMemoryMbOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_000;
}

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
  const postmaster = at(statOf(self), field.parent);
  return {
    async read(database) {
      const { rows } = await client.query<{ statements: string; wal: string }>(
        `select coalesce((select sum(calls) from pg_stat_statements
           where dbid = (select oid from pg_database where datname = $1)), 0) as statements,
           pg_current_wal_lsn() - '0/0' as wal`,
        [database],
      );
      return {
        cpuMs: treeCpuMs(postmaster, self),
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

/**
 * Of the postmaster, of its children that run, and of those that have ended (the postmaster waited for them, so the
 * system keeps their time with its own), except one child.
 */
function treeCpuMs(postmaster: number, except: number): number {
  const stat = statOf(postmaster);
  const { user, system, childrenUser, childrenSystem } = field;
  const own = [user, system, childrenUser, childrenSystem].map(index => at(stat, index) * tickMs);
  const children = childrenOf(postmaster).filter(pid => pid !== except);
  return [...own, ...children.map(cpuMsOf)].reduce((sum, ms) => sum + ms, 0);
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && parentOf(pid) === parent);
}

/** Undefined when the process has just ended. */
function parentOf(pid: number): number | undefined {
  try {
    return at(statOf(pid), field.parent);
  } catch {
    return undefined;
  }
}

function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function at(stat: readonly string[], index: number): number {
  return Number(stat[index]);
}
