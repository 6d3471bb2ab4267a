/**
 * Tells who a request to CloudStack's API is from: by a signature, or by the session that `login` began.
 *
 * Source: apache/cloudstack, ApiServer.verifyRequest, HttpUtils.validateSessionKey.
 */
import { findByApiKey } from '../../../access/api-key.ts';
import { isCsrfToken, readCookie } from '../../../access/cookie.ts';
import { authenticate } from '../../../access/session.ts';
import type { Principal } from '../../../access/session.ts';
import {
  canonicalQuery,
  isSignatureOf,
} from '../../../directory/cloudstack/cloudstack-signature.ts';
import { databaseOf } from '../../../store/database.ts';
import type { ApiOptions } from '../../context.ts';
import { parseZoned } from './instant.ts';
import type { Parameters } from './parameters.ts';

/** Named as CloudStack's, because clients name it. */
export const sessionIdCookie = 'JSESSIONID';
export const sessionKeyCookie = 'sessionkey';

/** What a request proves itself with. */
export interface Proof {
  /** As they came: what is signed. */
  readonly parameters: Parameters;
  /** By lower-case name. */
  readonly folded: Parameters;
  /** The header `Cookie`. */
  readonly cookie: string | undefined;
}

type Deps = Pick<ApiOptions, 'store' | 'secretKeys' | 'now'>;

/** @returns undefined for nobody; why is not told. */
export async function identify(means: Deps, proof: Proof): Promise<Principal | undefined> {
  const [apiKey, signature] = [proof.folded.get('apikey'), proof.folded.get('signature')];
  if (apiKey === undefined || signature === undefined) return bySession(means, proof);
  if (!isTimely(proof.folded, means.now())) return undefined;
  const found = await findByApiKey(databaseOf(means.store), apiKey, means.secretKeys);
  // Somebody who is not there is checked all the same, so that the clock does not tell keys that are.
  const isRight = isSignatureOf(
    signature,
    canonicalQuery(proof.parameters),
    found?.secretKey ?? nobodysSecret,
  );
  return isRight ? found?.principal : undefined;
}

const nobodysSecret = 'x'.repeat(86);

/** Version 3 says when it expires; the versions before never do. */
function isTimely(folded: Parameters, nowMs: number): boolean {
  if (folded.get('signatureversion') !== '3') return true;
  const expires = parseZoned(folded.get('expires') ?? '');
  return expires !== undefined && expires.getTime() >= nowMs;
}

/**
 * The session key must come as a parameter: cookies alone are sent along with whatever another site makes a browser
 * ask for, and here a GET can delete.
 */
async function bySession(
  { store }: Deps,
  { folded, cookie }: Proof,
): Promise<Principal | undefined> {
  const token = readCookie(cookie, sessionIdCookie);
  if (token === undefined || !isCsrfToken(token, folded.get('sessionkey'))) return undefined;
  const key = readCookie(cookie, sessionKeyCookie);
  if (key !== undefined && !isCsrfToken(token, key)) return undefined;
  const principal = await authenticate(databaseOf(store), token);
  return principal?.kind === 'session' ? principal : undefined;
}
