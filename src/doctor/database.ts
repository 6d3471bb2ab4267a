/** Findings about the database: version, privileges, schema, clock, connections. */
import { counted, type Finding } from '../event/finding.ts';
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

function judgeRights({ isStandby, mayCreate }: DatabaseView): readonly Found[] {
  if (isStandby) {
    return [
      {
        state: 'fail',
        found: 'the server is a standby, which is read-only',
        hint: 'Point HOOKLINE_DATABASE_URL to the primary.',
      },
    ];
  }
  if (mayCreate) return [];
  return [
    {
      state: 'fail',
      found: 'the user may not create tables',
      hint: 'Hookline creates a table for each day: grant the user CREATE on the schema.',
    },
  ];
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
