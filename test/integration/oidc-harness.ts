/** An API whose people log in at a real OpenID provider. */
import { createOidcLogin } from '../../src/access/oidc/oidc-login.ts';
import type { OidcOptions } from '../../src/access/oidc/oidc-login.ts';
import { openBrowser } from '../service/browser.ts';
import type { Browser } from '../service/browser.ts';
import { clientId, clientSecret, startOpenIdProvider } from '../service/openid-provider.ts';
import type { OpenIdProvider, ProviderOptions } from '../service/openid-provider.ts';
import { secretKey, startApi } from './api-harness.ts';
import type { Answer, ApiUnderTest } from './api-harness.ts';

export const redirectUrl = 'https://hookline.test/v1/oidc/callback';
export const homeUrl = 'https://hookline.test/';
const sessionMs = 3_600_000;

export interface OidcWorld extends AsyncDisposable {
  readonly api: ApiUnderTest;
  readonly provider: OpenIdProvider;
  readonly clock: { aheadMs: number };
  /** Asks for the way to the provider. @returns what a browser has then. */
  begin(path?: string): Promise<Begun>;
  /** Logs in at the provider and comes back. */
  logIn(person: string, path?: string): Promise<Answer>;
  /** Comes back with what the provider said. */
  comeBack(url: string, begun: Pick<Begun, 'cookie'>, headers?: Headers): Promise<Answer>;
  run<T>(query: string): Promise<T[]>;
}

type Headers = Record<string, string>;

export interface Begun {
  /** Of the provider. */
  readonly url: string;
  readonly cookie: string;
  readonly browser: Browser;
}

export async function startOidc(
  options: Partial<OidcOptions> = {},
  providerOptions: Partial<ProviderOptions> = {},
): Promise<OidcWorld> {
  const provider = await startOpenIdProvider({ redirectUrl, homeUrl, ...providerOptions });
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  const api = await startApi({ now }, (store, log) => ({
    oidc: createOidcLogin(
      {
        issuer: provider.issuer,
        clientId,
        clientSecret,
        clientAuth: 'client_secret_basic',
        redirectUrl,
        homeUrl,
        label: 'Company login',
        scopes: ['openid', 'profile'],
        usernameClaim: 'preferred_username',
        accountClaim: 'account',
        rules: [
          { claim: 'groups', value: 'operators', role: 'Admin' },
          { claim: 'groups', value: 'domain-admins', role: 'DomainAdmin' },
          { claim: 'groups', value: 'guests', role: 'User', account: 'guests' },
          { claim: 'realm.roles', value: 'user', role: 'User' },
        ],
        userInfo: true,
        sessionMs,
        trustMs: 86_400_000,
        clockToleranceMs: 30_000,
        timeoutMs: 5_000,
        ...options,
      },
      { store, key: secretKey, now, log },
    ),
  }));
  const run: OidcWorld['run'] = async query => api.store.em.fork().execute(query);
  await run(`insert into account (id, name, domain_id)
    select name, name, (select id from domain where parent_id is null) from unnest(array['guests', 'eng']) as name`);

  const begin: OidcWorld['begin'] = async (path = '/v1/oidc/login') => {
    const { headers, status } = await api.ask('GET', path, undefined, {});
    if (status !== 302) throw new Error(`${path} was answered ${status}`);
    const [cookie = ''] = String(headers['set-cookie']).split(';');
    return { url: String(headers['location']), cookie, browser: openBrowser() };
  };
  const comeBack: OidcWorld['comeBack'] = async (url, { cookie }, headers = {}) => {
    const { pathname, search } = new URL(url);
    return api.ask('GET', pathname + search, undefined, { cookie, ...headers });
  };
  return {
    api,
    provider,
    clock,
    begin,
    comeBack,
    run,
    logIn: async (person, path) => {
      const begun = await begin(path);
      return comeBack(await begun.browser.logIn(begun.url, person), begun);
    },
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** The session's cookie among those an answer sets, for a request's header. */
export function sessionOf({ headers }: Answer): string {
  const cookies = [headers['set-cookie']].flat().map(String);
  return cookies.find(cookie => cookie.startsWith('hookline_session='))?.split(';')[0] ?? '';
}
