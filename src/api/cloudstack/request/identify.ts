/**
 * Authenticates requests to CloudStack's API: by a signature, or by the session of `login`.
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
import { findPlain } from './parameters.ts';
import type { EncodedParameters, Parameters } from './parameters.ts';

/** Cookies with CloudStack's names, because clients use these. */
export const sessionIdCookie = 'JSESSIONID';
export const sessionKeyCookie = 'sessionkey';

/** The credentials of a request. */
export interface Credentials {
  /** Parameters as they were sent, which the signature covers. */
  readonly parameters: Parameters;
  /** Parameters by lower-case name. */
  readonly folded: Parameters;
  /** The header `Cookie`. */
  readonly cookie: string | undefined;
}

type Deps = Pick<ApiOptions, 'store' | 'secretKeys' | 'now'>;

/** @returns undefined when the credentials are invalid, without telling why. */
export async function identify(
  deps: Deps,
  credentials: Credentials,
): Promise<Principal | undefined> {
  const [apiKey, signature] = [
    credentials.folded.get('apikey'),
    credentials.folded.get('signature'),
  ];
  if (apiKey === undefined || signature === undefined) return bySession(deps, credentials);
  if (!isCurrent(credentials.folded, deps.now())) return undefined;
  const found = await findByApiKey(databaseOf(deps.store), apiKey, deps.secretKeys);
  // The signature of an unknown key is checked as well, so that response times do not reveal known keys.
  const isValid = isSignatureOf(
    signature,
    canonicalQuery(credentials.parameters),
    found?.secretKey ?? dummySecret,
  );
  return isValid ? found?.principal : undefined;
}

/**
 * Whether the request names an API key or a session that exists. It is not identified by that: this is asked before a
 * form is decoded that is larger than strangers may send.
 */
export async function isKnown(
  deps: Deps,
  { encoded, cookie }: { readonly encoded: EncodedParameters; readonly cookie: string | undefined },
): Promise<boolean> {
  const apiKey = findPlain(encoded, 'apikey');
  if (apiKey !== undefined) {
    return (await findByApiKey(databaseOf(deps.store), apiKey, deps.secretKeys)) !== undefined;
  }
  const folded = new Map([['sessionkey', findPlain(encoded, 'sessionkey') ?? '']]);
  return (await bySession(deps, { folded, cookie })) !== undefined;
}

const dummySecret = 'x'.repeat(86);

/** Whether the signature has not expired; signatures before version 3 never expire. */
function isCurrent(folded: Parameters, nowMs: number): boolean {
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
  { folded, cookie }: Pick<Credentials, 'folded' | 'cookie'>,
): Promise<Principal | undefined> {
  const token = readCookie(cookie, sessionIdCookie);
  if (token === undefined || !isCsrfToken(token, folded.get('sessionkey'))) return undefined;
  const key = readCookie(cookie, sessionKeyCookie);
  if (key !== undefined && !isCsrfToken(token, key)) return undefined;
  const principal = await authenticate(databaseOf(store), token);
  return principal?.kind === 'session' ? principal : undefined;
}
