/**
 * The console's session: the session token in a cookie that scripts cannot read, and a CSRF token against requests of
 * other sites, which a browser sends with the cookie.
 *
 * The CSRF token is derived from the session token, so nothing is stored. Whoever has it has read an answer of this server,
 * which other sites cannot. Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet, "signed double-submit"; RFC 6265bis.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const sessionCookie = 'hookline_session';
export const csrfHeader = 'x-csrf-token';

export interface CookieScope {
  readonly path: string;
  /** Whether the connection to the browser is encrypted. */
  readonly secure: boolean;
}

/** A `Set-Cookie` for a cookie that scripts cannot read and other sites do not send. @param expiresAt in the past to delete it. */
export function writeCookie(
  [name, value]: readonly [string, string],
  expiresAt: Date,
  { path, secure }: CookieScope,
): string {
  const expires = `Expires=${expiresAt.toUTCString()}`;
  const parts = [`${name}=${value}`, `Path=${path}`, 'HttpOnly', 'SameSite=Lax', expires];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

export const writeSessionCookie = (token: string, expiresAt: Date, secure: boolean): string =>
  writeCookie([sessionCookie, token], expiresAt, { path: '/', secure });

/** @param header the request's header `Cookie`. */
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
