/** Logs users in, and authenticates requests by their token. */
import type { Role } from '../store/schema/access-words.ts';
import { fullScopes } from '../store/schema/access-words.ts';
import type { TokenScope } from '../store/schema/access-words.ts';
import type { Database } from '../store/database.ts';
import { findUser } from '../store/access/user.ts';
import { deleteExpiredTokens, findTokenOwner, insertToken } from '../store/access/token.ts';
import type { TokenOwner } from '../store/access/user.ts';
import { verifyPassword } from './password.ts';
import { createToken, hashToken } from './token.ts';

/** The authenticated user who acts. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  /** How they are authenticated. */
  readonly kind: 'session' | 'token' | 'key';
  /** Scopes of the credentials. */
  readonly scopes: readonly TokenScope[];
  /** When the credentials expire, RFC 3339; absent if they do not. */
  readonly expiresAt?: string;
  /** Account that owns what they create, unless they choose another. */
  readonly accountId?: string;
  /** Domain of that account. */
  readonly domain?: { readonly id: string; readonly path: string };
}

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

const sessionMs = 7 * 86_400_000;

/** @returns undefined when the username or the password is wrong, without telling which. */
export async function login(
  database: Database,
  { username, password }: { username: string; password: string },
  nowMs: number,
): Promise<Session | undefined> {
  const user = await findUser(database, username);
  if (!(await verifyPassword(password, user?.passwordHash ?? undefined)) || !user) return undefined;
  await deleteExpiredTokens(database);
  return openSession(database, { userId: user.id, expiresAt: new Date(nowMs + sessionMs) });
}

/** Starts a session for an authenticated user. @param logoutHint the sealed ID token. */
export async function openSession(
  database: Database,
  session: { userId: string; expiresAt: Date; logoutHint?: string },
): Promise<Session> {
  const token = createToken();
  await insertToken(database, {
    ...session,
    kind: 'session',
    name: 'login',
    tokenHash: hashToken(token),
    scopes: fullScopes,
  });
  return { token, expiresAt: session.expiresAt };
}

/** Whether the scopes include the wanted one; `write` includes `ingest`. */
export function allows(scopes: readonly TokenScope[], wanted: TokenScope): boolean {
  return scopes.includes(wanted) || (wanted === 'ingest' && scopes.includes('write'));
}

/** @returns undefined when the token is unknown or has expired. */
export async function authenticate(
  database: Database,
  token: string,
): Promise<Principal | undefined> {
  const user = await findTokenOwner(database, hashToken(token));
  return user && toPrincipal(user);
}

export function toPrincipal(
  user: TokenOwner & Pick<Principal, 'kind' | 'scopes'> & { readonly expiresAt?: string | null },
): Principal {
  const { id, username, role, accountId, domainId, domainPath, kind, scopes, expiresAt } = user;
  return {
    userId: id,
    username,
    role,
    kind,
    scopes,
    ...(typeof expiresAt === 'string' && { expiresAt }),
    ...(accountId !== null && { accountId }),
    ...(domainId !== null && domainPath !== null && { domain: { id: domainId, path: domainPath } }),
  };
}
