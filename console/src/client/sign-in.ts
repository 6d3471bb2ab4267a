/** Signing in and out. */
import type { Identity, LoginMethods } from './api.ts';
import { ask, baseUrl, client } from './client.ts';
import { beginSession, leaveSession, mayHaveSession, sessionState } from './session.ts';

export type LoginMethod = LoginMethods['methods'][number];

export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly apiKey: string; readonly secretKey: string };

/** Finds out whether there is a session; @returns who has it. */
export async function resumeSession(): Promise<Identity | undefined> {
  const query = new URLSearchParams(location.search);
  if (!mayHaveSession() && !query.has(returned)) {
    sessionState.value = 'out';
    return undefined;
  }
  const { data } = await client.GET('/v1/session');
  if (data) beginSession(data);
  else if (sessionState.value === 'unknown') sessionState.value = 'out';
  return data;
}

export async function signIn(credentials: Credentials): Promise<Identity> {
  await ask(client.POST('/v1/login', { body: credentials }));
  const who = await ask(client.GET('/v1/session'));
  beginSession(who);
  return who;
}

/** Opens the provider's page to end the session there as well, where it has one. */
export async function signOut(): Promise<void> {
  const { data, response } = await client.POST('/v1/logout');
  leaveSession();
  if (response.status === 200 && data) location.assign(data.endSessionUrl);
}

/** Query parameter of the address that an identity provider leads back to. */
export const returned = 'signed-in';

/** Address of the page that begins a login with an identity provider, and comes back to this one. */
export function oidcUrl(method: LoginMethod, path: string): string {
  const back = new URL(path, baseUrl);
  back.searchParams.set(returned, '');
  const url = new URL(method.path.replace(/^\//, ''), baseUrl);
  url.searchParams.set('returnTo', back.pathname + back.search);
  return url.href;
}
