/** Findings about the database: version, privileges, schema, clock, connections. */
import { counted, type Finding } from '../event/finding.ts';
import { problemOf } from '../store/connection/own-schema.ts';
import type { DatabaseView } from '../store/inspect.ts';

type Found = Omit<Finding, 'check'>;

const versionMin = 140_000;
/** Leases, retries and tokens use the database's clock, signatures the local one; receivers tolerate five minutes. */
const skew = { warnMs: 2_000, failMs: 60_000 };

export function judgeDatabase(
  view: DatabaseView,
  { migrates, connections }: { readonly migrates: boolean; readonly connections: number },
): readonly Found[] {
  return [
    judgeServer(view),
    ...judgeRights(view),
    judgeSchema(view, migrates),
    judgeClock(view),
    ...judgeConnections(view, connections),
    ...judgeReplication(view),
  ];
}

/** @param areHeard whether a notification to ourselves arrived. */
export function judgeNotifications(areHeard: boolean): Found {
  return areHeard
    ? { state: 'ok', found: 'notifications of changes arrive' }
    : {
        state: 'warn',
        found:
          'notifications of changes do not arrive, so that Hookline polls for them each second',
        hint: 'A pooler that lends a connection for one transaction loses them: connect to PostgreSQL itself, or through the pooler in session mode.',
      };
}

function judgeServer({ version, versionNumber, roundTripMs }: DatabaseView): Found {
  const found = `PostgreSQL ${version} answers in ${Math.max(1, Math.round(roundTripMs))} ms`;
  return versionNumber >= versionMin
    ? { state: 'ok', found }
    : { state: 'fail', found, hint: 'Hookline needs PostgreSQL 14 or newer.' };
}

function judgeRights({ isStandby, own }: DatabaseView): readonly Found[] {
  if (isStandby) {
    return [
      {
        state: 'fail',
        found: 'the server is a standby, which is read-only',
        hint: 'Point HOOKLINE_DATABASE_URL to the primary.',
      },
    ];
  }
  const problem = problemOf(own);
  return problem ? [{ state: 'fail', ...problem }] : [];
}

function judgeSchema({ pending, unknown }: DatabaseView, migrates: boolean): Found {
  if (unknown.length > 0) {
    return {
      state: 'fail',
      found: `the schema belongs to a newer Hookline (${unknown.join(', ')})`,
      hint: 'Run that version, or first go back with its `hookline migrate down`.',
    };
  }
  if (pending.length === 0) return { state: 'ok', found: 'the schema is up to date' };
  const found = `${counted(pending.length, 'pending migration')}: ${pending.join(', ')}`;
  return migrates
    ? { state: 'warn', found, hint: '`hookline serve` runs them when it starts.' }
    : { state: 'fail', found, hint: 'Run `hookline migrate up`; database.migrate is off.' };
}

function judgeClock({ skewMs, roundTripMs }: DatabaseView): Found {
  const byMs = Math.max(0, Math.abs(skewMs) - roundTripMs / 2);
  if (byMs < skew.warnMs) return { state: 'ok', found: 'its clock agrees with the local one' };
  const found = `its clock is ${(byMs / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the local one`;
  const hint = 'Synchronize both by NTP: leases, retries and signatures depend on them.';
  return { state: byMs < skew.failMs ? 'warn' : 'fail', found, hint };
}

function judgeConnections({ connectionsMax }: DatabaseView, wanted: number): readonly Found[] {
  if (wanted <= connectionsMax) return [];
  return [
    {
      state: 'warn',
      found: `the server allows ${connectionsMax} connections, and this process may open ${wanted}`,
      hint: 'Raise max_connections, or lower database.poolMax and database.apiPoolMax.',
    },
  ];
}

/** What was answered for is gone with the machine or its disk, unless it is elsewhere by then. */
function judgeReplication({ replication, isStandby }: DatabaseView): readonly Found[] {
  const { standbys, isSynchronous, commit } = replication;
  if (isStandby) return [];
  if (commit === 'off') {
    return [
      {
        state: 'warn',
        found:
          'synchronous_commit is off: a crash of PostgreSQL loses what was recorded in the last moments before it',
        hint: 'Messages are acknowledged by then. Turn it on for the user of Hookline.',
      },
    ];
  }
  if (standbys === 0) return [];
  if (isSynchronous) {
    return [
      {
        state: 'ok',
        found: `commits wait for a synchronous standby (${standbys} follow${standbys === 1 ? 's' : ''})`,
      },
    ];
  }
  const found =
    commit === 'local'
      ? `${counted(standbys, 'standby')}, but synchronous_commit is local`
      : `${counted(standbys, 'standby')}, only asynchronous`;
  return [
    {
      state: 'warn',
      found: `${found}: a failover loses what was recorded within the lag`,
      hint: 'RabbitMQ and HTTP senders do not send again what was acknowledged. Set synchronous_standby_names; docs/postgresql.md has the steps.',
    },
  ];
}
