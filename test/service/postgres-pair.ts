/** A primary and its standby by streaming replication, both private, behind an address that can move from one to the other. */
import { execFile } from 'node:child_process';
import { writeFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client, type QueryResultRow } from 'pg';

import { type ClusterFiles, initialiseCluster, superuser } from '../../src/postgres/cluster.ts';
import { postgresUser, type UnixUser } from '../../src/postgres/postgres-binaries.ts';
import { type MovingAddress, openMovingAddress } from './moving-address.ts';
import { newPassword, type Postgres, serveCluster } from './postgres.ts';
import { findPostgresPrograms, type PostgresEdition } from './postgres-programs.ts';
import { inNewDirectory } from './service.ts';
import { waitUntil } from './wait-until.ts';

export interface PostgresPair extends AsyncDisposable {
  /** What it is at first; it stays the old primary once the standby is promoted. */
  readonly primary: Postgres;
  readonly standby: Postgres;
  /** Leads to the primary at first. `moveTo` its port, or use `leadTo`. */
  readonly address: MovingAddress;
  /** Of the database by way of the address; of `postgres` when absent. */
  url(database?: string): string;
  leadTo(server: Postgres): void;
  /** The standby receives nothing from now on. With a synchronous one, commits on the primary wait from then on. */
  detach(): Promise<void>;
  /** The standby receives again what it missed. */
  attach(): Promise<void>;
  /** Resolves when the standby shows all that the primary has committed up to now. */
  untilCaughtUp(): Promise<void>;
  /** The standby becomes a server that can be written to, whether there is a primary or not. */
  promote(): Promise<void>;
}

export interface PostgresPairOptions {
  /** Whether the primary confirms a commit only when the standby has it on its disk. */
  readonly isSynchronous: boolean;
  /** `embedded` when absent. */
  readonly edition?: PostgresEdition;
  /** Of both, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

const standbyName = 'standby';

export async function startPostgresPair(options: PostgresPairOptions): Promise<PostgresPair> {
  await using stack = new AsyncDisposableStack();
  const user = await postgresUser();
  const password = newPassword();
  const { edition = 'embedded', settings } = options;
  const filesIn = async (home: string): Promise<ClusterFiles> => ({
    binaries: await findPostgresPrograms(edition, user, join(home, 'programs')),
    directory: join(home, 'cluster'),
    user,
  });
  // The standby begins as a copy of the empty cluster, made while no server runs on it.
  const [primary, standby] = await inNewDirectory('primary', user, async home => {
    const files = await filesIn(home);
    await initialiseCluster(files, password);
    return inNewDirectory('standby', user, async standbyHome => {
      const copy = await filesIn(standbyHome);
      await run('cp', ['-a', files.directory, copy.directory], { cwd: '/', ...user });
      const first = stack.use(
        await serveCluster(home, files, {
          password,
          settings: {
            // What the standby may be without and still get later.
            wal_keep_size: '512MB',
            ...(options.isSynchronous && { synchronous_standby_names: standbyName }),
            ...settings,
          },
        }),
      );
      await follow(copy, first.url(), user);
      const second = stack.use(await serveCluster(standbyHome, copy, { password, settings }));
      return [first, second];
    });
  });
  const address = stack.use(await openMovingAddress(portOf(primary)));
  await untilStreaming(primary, true);
  const owned = stack.move();
  return {
    primary,
    standby,
    address,
    url: database => address.of(primary.url(database)),
    leadTo: server => address.moveTo(portOf(server)),
    detach: async () => {
      await query(standby, `alter system set primary_conninfo = ''`);
      await query(standby, 'select pg_reload_conf()');
      await untilStreaming(primary, false);
    },
    attach: async () => {
      await query(standby, `alter system set primary_conninfo = '${connection(primary.url())}'`);
      await query(standby, 'select pg_reload_conf()');
      await untilStreaming(primary, true);
    },
    untilCaughtUp: async () => untilCaughtUp(primary, standby),
    promote: async () => {
      await query(standby, 'select pg_promote()');
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

const run = promisify(execFile);

/** Makes a copied cluster one that follows the primary. */
async function follow({ directory }: ClusterFiles, url: string, user?: UnixUser): Promise<void> {
  const files = {
    'standby.signal': '',
    'postgresql.auto.conf': `primary_conninfo = '${connection(url)}'\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    if (user) await run('chown', [`${user.uid}:${user.gid}`, `${path}.new`]);
    await rename(`${path}.new`, path);
  }
}

/** As libpq has it, for the standby's receiver of the log. */
function connection(url: string): string {
  const { hostname, port, password } = new URL(url);
  const facts = { host: hostname, port, user: superuser, password, application_name: standbyName };
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

const portOf = (server: Postgres): number => Number(new URL(server.url()).port);

async function untilStreaming(primary: Postgres, isWanted: boolean): Promise<void> {
  await waitUntil(`the standby to ${isWanted ? 'follow' : 'leave'} the primary`, async () => {
    const rows = await query(
      primary,
      `select from pg_stat_replication where state = 'streaming' and application_name = '${standbyName}'`,
    );
    return rows.length > 0 === isWanted;
  });
}

async function untilCaughtUp(primary: Postgres, standby: Postgres): Promise<void> {
  const [now] = await query<{ lsn: string }>(primary, 'select pg_current_wal_lsn() as lsn');
  await waitUntil('the standby to catch up', async () => {
    const [row] = await query<{ has: boolean }>(
      standby,
      `select pg_last_wal_replay_lsn() >= '${now?.lsn}'::pg_lsn as has`,
    );
    return row?.has === true;
  });
}

async function query<Row extends QueryResultRow>(server: Postgres, sql: string): Promise<Row[]> {
  const client = new Client(server.url());
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
