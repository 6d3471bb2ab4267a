/** Pairs of API key and secret key: creates them, and finds them for checking a signature. */
import { randomBytes } from 'node:crypto';

import { findApiKeyOwner, insertApiKey } from '../store/access/api-key.ts';
import type { ApiKeyRow } from '../store/access/api-key.ts';
import type { Database } from '../store/database.ts';
import { open, seal } from './secret/seal.ts';
import { toPrincipal } from './session.ts';
import type { Principal } from './session.ts';

/** As long as CloudStack's keys: 86 characters of base64url. */
const keyBytes = 64;

/** Creates a pair. The secret key is stored sealed and can be shown only now. @param key 32 bytes. */
export async function createApiKey(
  database: Database,
  { userId, key }: { userId: string; key: Buffer },
): Promise<ApiKeyRow & { readonly secretKey: string }> {
  const secretKey = randomBytes(keyBytes).toString('base64url');
  const created = await insertApiKey(database, {
    userId,
    apiKey: randomBytes(keyBytes).toString('base64url'),
    sealed: seal(key, secretKey),
  });
  return { ...created, secretKey };
}

/**
 * The owner of an API key, and the secret key to check their signature with.
 *
 * @param keys keys that the secret may be sealed with, 32 bytes each.
 * @throws {UnsealError}
 */
export async function findByApiKey(
  database: Database,
  apiKey: string,
  keys: readonly Uint8Array[],
): Promise<{ readonly principal: Principal; readonly secretKey: string } | undefined> {
  const owner = await findApiKeyOwner(database, apiKey);
  if (!owner) return undefined;
  const principal = toPrincipal({ ...owner, kind: 'key', scopes: ['read', 'write'] });
  return { principal, secretKey: open(keys, owner.sealed) };
}
