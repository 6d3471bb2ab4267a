/** The database: version, rights, schema, clock. */
import type { Finding } from '../event/finding.ts';
import type { DatabaseView } from '../store/inspect.ts';

type Found = Omit<Finding, 'check'>;

const versionMin = 140_000;
/** Leases, retries and tokens go by the database's clock, signatures by ours: receivers take five minutes. */
const skew = { warnMs: 2_000, failMs: 60_000 };

export function judgeDatabase(
  view: DatabaseView,
  { migrates, poolMax }: { readonly migrates: boolean; readonly poolMax: number },
): readonly Found[] {
  return [
    judgeServer(view),
    ...judgeRights(view),
    judgeSchema(view, migrates),
    judgeClock(view),
    ...judgeConnections(view, poolMax),
  ];
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
        found: 'it is a standby, which takes no changes',
        hint: 'Point HOOKLINE_DATABASE_URL to the primary.',
      },
    ];
  }
  if (mayCreate) return [];
  return [
    {
      state: 'fail',
      found: 'the user may not make tables',
      hint: 'A table is made for each day: grant CREATE on the schema to the user.',
    },
  ];
}

function judgeSchema({ pending, unknown }: DatabaseView, migrates: boolean): Found {
  if (unknown.length > 0) {
    return {
      state: 'fail',
      found: `its schema is of a newer Hookline (${unknown.join(', ')})`,
      hint: 'Run that version, or go back with its `hookline migrate down` first.',
    };
  }
  if (pending.length === 0) return { state: 'ok', found: 'the schema is up to date' };
  const found = `${pending.length} migrations are to be run: ${pending.join(', ')}`;
  return migrates
    ? { state: 'warn', found, hint: '`hookline serve` runs them when it starts.' }
    : { state: 'fail', found, hint: 'Run `hookline migrate up`; database.migrate is off.' };
}

function judgeClock({ skewMs, roundTripMs }: DatabaseView): Found {
  const byMs = Math.max(0, Math.abs(skewMs) - roundTripMs / 2);
  if (byMs < skew.warnMs) return { state: 'ok', found: 'its clock agrees with this one' };
  const found = `its clock is ${(byMs / 1_000).toFixed(1)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one`;
  const hint = 'Keep both in step by NTP: leases, retries and signatures go by them.';
  return { state: byMs < skew.failMs ? 'warn' : 'fail', found, hint };
}

function judgeConnections({ connectionsMax }: DatabaseView, poolMax: number): readonly Found[] {
  // One more listens.
  if (poolMax + 1 <= connectionsMax) return [];
  return [
    {
      state: 'warn',
      found: `it takes ${connectionsMax} connections, and this process may want ${poolMax + 1}`,
      hint: 'Raise max_connections, or lower database.poolMax.',
    },
  ];
}
