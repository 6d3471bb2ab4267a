/**
 * Logs in people whom an OpenID provider has authenticated: creates the user at the first login, updates the role and the
 * account from the claims at each login, and suspends users whose claims no longer give them a role.
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
import { mapClaims, readUsername } from './oidc-claims.ts';
import type { ClaimRules, Claims, MappedClaims } from './oidc-claims.ts';
import { openSession } from '../session.ts';
import type { Session } from '../session.ts';

export interface VerifiedLogin extends Identity {
  readonly claims: Claims;
  /** IP address of the peer. */
  readonly address: string;
  /** The ID token, sealed, for logging out at the provider. */
  readonly logoutHint: string;
}

export interface AdmitOptions extends ClaimRules {
  readonly sessionMs: number;
  readonly trustMs: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly session: Session; readonly username: string }
  /** `unmapped`: the claims give no role or no account; `name_taken`: another user has the username. */
  | {
      readonly kind: 'refused';
      readonly why: 'unmapped' | 'name_taken';
      readonly claim: string;
      /** For people. */
      readonly reason: string;
    };

type RefusedLogin = Extract<Admission, { kind: 'refused' }>;

export async function admit(
  store: Store,
  verified: VerifiedLogin,
  options: AdmitOptions,
  nowMs: number,
): Promise<Admission> {
  const mapped = mapClaims(verified.claims, options);
  return inTransaction(store, async database => {
    const known = await findIdentity(database, verified);
    const standing = await resolveStanding(database, mapped, options);
    if (standing.kind === 'refused') {
      if (known) await suspendTrust(database, known.id);
      return auditRefusal(database, verified, standing, known);
    }
    const found = known
      ? ({ kind: 'found', user: known } as const)
      : await findOrCreateUser(database, verified, standing, options);
    if (found.kind === 'refused') return auditRefusal(database, verified, found);
    await updateUser(database, verified, found.user, standing);
    const expiresAt = new Date(nowMs + options.sessionMs);
    const { logoutHint } = verified;
    const session = await openSession(database, { userId: found.user.id, expiresAt, logoutHint });
    return { kind: 'admitted', session, username: found.user.username };
  });
}

type ResolvedStanding = (Standing & { readonly kind: 'standing' }) | RefusedLogin;

/** The role and the account: finds the account that a claim or a rule names. */
async function resolveStanding(
  database: Database,
  mapped: MappedClaims,
  { trustMs }: AdmitOptions,
): Promise<ResolvedStanding> {
  if (mapped.kind === 'refused') return { ...mapped, why: 'unmapped' };
  const { role, account } = mapped;
  if (!account) return { kind: 'standing', role, trustMs };
  const [accountId, another] = await findAccountsCalled(database, account.text);
  if (accountId !== undefined && another === undefined)
    return { kind: 'standing', role, accountId, trustMs };
  // An Admin needs no account.
  if (role === 'Admin') return { kind: 'standing', role, trustMs };
  const { text, namedBy } = account;
  const found = accountId === undefined ? 'is not here' : 'is the name of several; it takes the id';
  const reason = `The account ${JSON.stringify(text)}, which ${namedBy} names, ${found}.`;
  return { kind: 'refused', why: 'unmapped', claim: namedBy, reason };
}

/** Creates the user at the first login. */
async function findOrCreateUser(
  database: Database,
  { issuer, subject, address, claims }: VerifiedLogin,
  standing: Standing,
  options: ClaimRules,
): Promise<{ readonly kind: 'found'; readonly user: UserRow } | RefusedLogin> {
  const named = readUsername(claims, options);
  if (named.kind === 'refused') return { ...named, why: 'unmapped' };
  const { username } = named;
  const created = await insertIdentity(database, { ...standing, username, issuer, subject });
  if (created) {
    const { role, accountId } = created;
    const after = { username, role, accountId, issuer, subject };
    const change = { action: 'user.created', ...ofUser(created), after };
    await insertAudit(database, { username, address }, change);
    return { kind: 'found', user: created };
  }
  // None was created: the same person logged in twice at once, or another user has the username.
  const user = await findIdentity(database, { issuer, subject });
  if (user) return { kind: 'found', user };
  const reason = `There is another user named ${JSON.stringify(username)} here; an admin has to delete that one first.`;
  return { kind: 'refused', why: 'name_taken', claim: options.usernameClaim, reason };
}

async function updateUser(
  database: Database,
  { address }: VerifiedLogin,
  { id, username, role, accountId }: UserRow,
  standing: Standing,
): Promise<void> {
  await renewStanding(database, id, standing);
  const before = { role, accountId };
  const after = { role: standing.role, accountId: standing.accountId ?? null };
  if (after.role === role && after.accountId === accountId) return;
  // Changes of users who were or become Admins are shown to Admins only.
  const isAdmins = role === 'Admin' || after.role === 'Admin';
  const owner = isAdmins ? {} : { accountId: after.accountId };
  const change = { action: 'user.updated', objectId: username, ...owner };
  await insertAudit(database, { username, address }, { ...change, before, after });
}

async function auditRefusal(
  database: Database,
  { issuer, subject, address }: VerifiedLogin,
  refused: RefusedLogin,
  known?: UserRow,
): Promise<RefusedLogin> {
  const { claim, reason } = refused;
  const after = { issuer, subject, claim, reason };
  const object = known ? ofUser(known) : { objectId: subject };
  const change = { action: 'login.refused', ...object, after };
  await insertAudit(database, { username: known?.username ?? null, address }, change);
  return refused;
}

/** The object of a change and its owner, for the audit. */
const ofUser = ({ username, accountId, role }: UserRow) => ({
  objectId: username,
  ...(role !== 'Admin' && { accountId }),
});
