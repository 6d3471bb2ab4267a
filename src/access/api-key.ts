/** Pairs of API key and secret key: made, and proved by whoever signs with them. */
import { randomBytes } from 'node:crypto';

import { findApiKeyOwner, insertApiKey } from '../store/access/api-key.ts';
import type { ApiKeyRow } from '../store/access/api-key.ts';
import type { Database } from '../store/database.ts';
import { open, seal } from './secret/seal.ts';
import { toPrincipal } from './session.ts';
import type { Principal } from './session.ts';

/** As long as CloudStack's: 86 characters of base64url. */
const keyBytes = 64;

/** Makes a pair; the secret is stored sealed and can be shown now only. @param key 32 bytes. */
export async function createApiKey(
  database: Database,
  { userId, key }: { userId: string; key: Buffer },
): Promise<ApiKeyRow & { readonly secretKey: string }> {
  const secretKey = randomBytes(keyBytes).toString('base64url');
  const made = await insertApiKey(database, {
    userId,
    apiKey: randomBytes(keyBytes).toString('base64url'),
    sealed: seal(key, secretKey),
  });
  return { ...made, secretKey };
}

/**
 * Who has the API key, and the secret that their signature must have been made with.
 *
 * @param keys those that may have sealed the secret, 32 bytes each.
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
