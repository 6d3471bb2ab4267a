/**
 * The console's session: the token in a cookie that scripts cannot read, and a second token against requests that other
 * sites make a browser send along with it.
 *
 * The second one follows from the first, so nothing is stored: whoever has it has read an answer of ours, which other
 * sites cannot. Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet, "signed double-submit"; RFC 6265bis.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const sessionCookie = 'hookline_session';
export const csrfHeader = 'x-csrf-token';

export interface CookiePlace {
  readonly path: string;
  /** The connection to the browser is encrypted. */
  readonly secure: boolean;
}

/** One that scripts cannot read and other sites do not send along. @param expiresAt the past takes it away. */
export function writeCookie(
  [name, value]: readonly [string, string],
  expiresAt: Date,
  { path, secure }: CookiePlace,
): string {
  const expires = `Expires=${expiresAt.toUTCString()}`;
  const parts = [`${name}=${value}`, `Path=${path}`, 'HttpOnly', 'SameSite=Lax', expires];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

export const writeSessionCookie = (token: string, expiresAt: Date, secure: boolean): string =>
  writeCookie([sessionCookie, token], expiresAt, { path: '/', secure });

/** @param header `Cookie`, as the browser sent it. */
export function readCookie(header: string | undefined, wanted: string): string | undefined {
  const pairs = (header ?? '').split(';').map(pair => pair.trim().split('='));
  return pairs.find(([name, value]) => name === wanted && value !== '')?.[1];
}

export const readSessionCookie = (header: string | undefined): string | undefined =>
  readCookie(header, sessionCookie);

export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url');
}

export function isCsrfToken(sessionToken: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const [expected, found] = [Buffer.from(csrfTokenOf(sessionToken)), Buffer.from(given)];
  return expected.length === found.length && timingSafeEqual(expected, found);
}
