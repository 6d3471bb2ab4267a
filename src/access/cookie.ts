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

/** @param secure the connection to the browser is encrypted. @param expiresAt the past takes the cookie away. */
export function writeSessionCookie(token: string, expiresAt: Date, secure: boolean): string {
  const expires = `Expires=${expiresAt.toUTCString()}`;
  const parts = [`${sessionCookie}=${token}`, 'Path=/', 'HttpOnly', 'SameSite=Lax', expires];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

/** @param header `Cookie`, as the browser sent it. */
export function readSessionCookie(header: string | undefined): string | undefined {
  const pairs = (header ?? '').split(';').map(pair => pair.trim().split('='));
  return pairs.find(([name, value]) => name === sessionCookie && value !== '')?.[1];
}

export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url');
}

export function isCsrfToken(sessionToken: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const [expected, found] = [Buffer.from(csrfTokenOf(sessionToken)), Buffer.from(given)];
  return expected.length === found.length && timingSafeEqual(expected, found);
}
