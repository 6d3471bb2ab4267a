/**
 * Lets in whom an OpenID provider vouches for: makes the user at the first login, gives them the role and the account
 * that the claims say now at each, and shuts out whom they say nothing of any more.
 */
import { insertAudit } from '../../store/audit.ts';
import { inTransaction } from '../../store/database.ts';
import type { Database, Store } from '../../store/database.ts';
import {
  findAccountsCalled,
  findIdentity,
  insertIdentity,
  renewStanding,
  suspendTrust,
} from '../../store/access/identity.ts';
import type { Identity, Standing } from '../../store/access/identity.ts';
import type { UserRow } from '../../store/access/user.ts';
import { readClaims, readUsername } from './oidc-claims.ts';
import type { ClaimRules, Claims, Reading } from './oidc-claims.ts';
import { openSession } from '../session.ts';
import type { Session } from '../session.ts';

export interface Arrival extends Identity {
  readonly claims: Claims;
  /** Of the peer. */
  readonly address: string;
  /** Sealed. */
  readonly logoutHint: string;
}

export interface AdmitOptions extends ClaimRules {
  readonly sessionMs: number;
  readonly trustMs: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly session: Session; readonly username: string }
  /** `unmapped`: the claims give no role, or no account; `name_taken`: somebody else is called so. */
  | {
      readonly kind: 'refused';
      readonly why: 'unmapped' | 'name_taken';
      readonly claim: string;
      /** For people. */
      readonly reason: string;
    };

type Refusal = Extract<Admission, { kind: 'refused' }>;

export async function admit(
  store: Store,
  arrival: Arrival,
  options: AdmitOptions,
  nowMs: number,
): Promise<Admission> {
  const reading = readClaims(arrival.claims, options);
  return inTransaction(store, async database => {
    const known = await findIdentity(database, arrival);
    const placed = await place(database, reading, options);
    if (placed.kind === 'refused') {
      if (known) await suspendTrust(database, known.id);
      return noteRefusal(database, arrival, placed, known);
    }
    const met = known
      ? ({ kind: 'met', user: known } as const)
      : await meet(database, arrival, placed, options);
    if (met.kind === 'refused') return noteRefusal(database, arrival, met);
    await renew(database, arrival, met.user, placed);
    const expiresAt = new Date(nowMs + options.sessionMs);
    const { logoutHint } = arrival;
    const session = await openSession(database, { userId: met.user.id, expiresAt, logoutHint });
    return { kind: 'admitted', session, username: met.user.username };
  });
}

type Placed = (Standing & { readonly kind: 'placed' }) | Refusal;

/** Finds the account that a claim or a rule names. */
async function place(
  database: Database,
  reading: Reading,
  { trustMs }: AdmitOptions,
): Promise<Placed> {
  if (reading.kind === 'refused') return { ...reading, why: 'unmapped' };
  const { role, account } = reading;
  if (!account) return { kind: 'placed', role, trustMs };
  const [accountId, another] = await findAccountsCalled(database, account.text);
  if (accountId !== undefined && another === undefined)
    return { kind: 'placed', role, accountId, trustMs };
  // What an Admin may do does not hang on an account.
  if (role === 'Admin') return { kind: 'placed', role, trustMs };
  const { text, namedBy } = account;
  const found = accountId === undefined ? 'is not here' : 'is the name of several; it takes the id';
  const reason = `The account ${JSON.stringify(text)}, which ${namedBy} names, ${found}.`;
  return { kind: 'refused', why: 'unmapped', claim: namedBy, reason };
}

/** Makes the user of somebody who comes for the first time. */
async function meet(
  database: Database,
  { issuer, subject, address, claims }: Arrival,
  standing: Standing,
  options: ClaimRules,
): Promise<{ readonly kind: 'met'; readonly user: UserRow } | Refusal> {
  const named = readUsername(claims, options);
  if (named.kind === 'refused') return { ...named, why: 'unmapped' };
  const { username } = named;
  const made = await insertIdentity(database, { ...standing, username, issuer, subject });
  if (made) {
    const { role, accountId } = made;
    const after = { username, role, accountId, issuer, subject };
    const change = { action: 'user.created', ...ofUser(made), after };
    await insertAudit(database, { username, address }, change);
    return { kind: 'met', user: made };
  }
  // None was made: the same person came twice at once, or somebody else is called so.
  const user = await findIdentity(database, { issuer, subject });
  if (user) return { kind: 'met', user };
  const reason = `There is another user called ${JSON.stringify(username)} here; an admin has to delete one of them.`;
  return { kind: 'refused', why: 'name_taken', claim: options.usernameClaim, reason };
}

async function renew(
  database: Database,
  { address }: Arrival,
  { id, username, role, accountId }: UserRow,
  standing: Standing,
): Promise<void> {
  await renewStanding(database, id, standing);
  const before = { role, accountId };
  const after = { role: standing.role, accountId: standing.accountId ?? null };
  if (after.role === role && after.accountId === accountId) return;
  // Who was, or becomes, an Admin is nobody's but the Admins'.
  const isAdmins = role === 'Admin' || after.role === 'Admin';
  const owner = isAdmins ? {} : { accountId: after.accountId };
  const change = { action: 'user.updated', objectId: username, ...owner };
  await insertAudit(database, { username, address }, { ...change, before, after });
}

async function noteRefusal(
  database: Database,
  { issuer, subject, address }: Arrival,
  refusal: Refusal,
  known?: UserRow,
): Promise<Refusal> {
  const { claim, reason } = refusal;
  const after = { issuer, subject, claim, reason };
  const whose = known ? ofUser(known) : { objectId: subject };
  const change = { action: 'login.refused', ...whose, after };
  await insertAudit(database, { username: known?.username ?? null, address }, change);
  return refusal;
}

/** Whose change it is. */
const ofUser = ({ username, accountId, role }: UserRow) => ({
  objectId: username,
  ...(role !== 'Admin' && { accountId }),
});
