/** Logging in, and telling who a request is from. */
import type { Role } from '../store/schema/access.ts';
import { fullScopes } from '../store/schema/access.ts';
import type { TokenScope } from '../store/schema/access.ts';
import type { Database } from '../store/database.ts';
import { findUser } from '../store/access/user.ts';
import { deleteExpiredTokens, findTokenOwner, insertToken } from '../store/access/token.ts';
import type { TokenOwner } from '../store/access/user.ts';
import { verifyPassword } from './password.ts';
import { createToken, hashToken } from './token.ts';

/** Who acts. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  /** What they proved themselves with. */
  readonly kind: 'session' | 'token' | 'key';
  /** What that opens. */
  readonly scopes: readonly TokenScope[];
  /** RFC 3339: when that ends; absent where it does not. */
  readonly expiresAt?: string;
  /** The account what they make belongs to, unless they say otherwise. */
  readonly accountId?: string;
  /** The domain of that account. */
  readonly domain?: { readonly id: string; readonly path: string };
}

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

const sessionMs = 7 * 86_400_000;

/** @returns undefined when there is no such user, or the password is another one; which of them is not told. */
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

/** Begins a session of somebody who has proved who they are. @param logoutHint sealed. */
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

/** Whoever may change everything may post events as well. */
export function opens(scopes: readonly TokenScope[], wanted: TokenScope): boolean {
  return scopes.includes(wanted) || (wanted === 'ingest' && scopes.includes('write'));
}

/** @returns undefined when nobody has the token, or it has expired. */
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
