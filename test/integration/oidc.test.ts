import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { findByApiKey } from '../../src/access/api-key.ts';
import { databaseOf } from '../../src/store/database.ts';
import { secretKey } from './api-harness.ts';
import { homeUrl, redirectUrl, sessionOf, startOidc } from './oidc-harness.ts';
import type { OidcWorld } from './oidc-harness.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startOidc();
  const { people } = world.provider;
  people.set('olga', { preferred_username: 'olga', groups: ['staff', 'operators'] });
  people.set('dora', { preferred_username: 'dora', groups: ['domain-admins'], account: 'eng' });
  people.set('gus', { preferred_username: 'gus', groups: ['guests'], account: 'eng' });
  people.set('rita', { preferred_username: 'rita', realm: { roles: ['user'] }, account: 'eng' });
});
afterAll(() => world[Symbol.asyncDispose]());
afterEach(() => {
  world.provider.tamper(undefined);
  world.clock.aheadMs = 0;
});

const whoIs = async (cookie: string) =>
  (await world.api.ask('GET', '/v1/session', undefined, { cookie })).body;
const logged = (event: string) =>
  world.api.logged.filter(line => line.includes(`"event":"${event}"`));

describe('logging in at the provider', () => {
  it('is offered beside the password', async () => {
    const { status, text } = await world.api.ask('GET', '/v1/login/methods', undefined, {});
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      methods: [
        { kind: 'password', label: 'Password', path: '/v1/login' },
        { kind: 'oidc', label: 'Company login', path: '/v1/oidc/login' },
      ],
    });
  });

  it('asks for a code with state, nonce and PKCE, to be sent to where the configuration says', async () => {
    const { url } = await world.begin();
    const asked = Object.fromEntries(new URL(url).searchParams);
    expect(asked).toMatchObject({
      response_type: 'code',
      client_id: 'hookline',
      redirect_uri: redirectUrl,
      scope: 'openid profile',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(asked[name]).toMatch(/^[\w-]{43}$/);
  });

  it.each([
    ['olga', 'Admin', undefined],
    ['dora', 'DomainAdmin', 'eng'],
    ['gus', 'User', 'guests'],
    ['rita', 'User', 'eng'],
  ])('gives %s the role %s, in the account %s', async (person, role, accountId) => {
    const answer = await world.logIn(person);
    expect(answer).toMatchObject({ status: 302, headers: { location: '/' } });
    const me = await whoIs(sessionOf(answer));
    expect(me).toMatchObject({ username: person, role, kind: 'session' });
    expect(me.accountId).toBe(accountId);
  });

  it('gives the cookie a password gives, and takes away its own', async () => {
    const { headers } = await world.logIn('olga');
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^hookline_oidc=; Path=\/v1\/oidc\/callback; HttpOnly; .* 1970 .*; Secure$/,
      ),
      expect.stringMatching(
        /^hookline_session=hkl_[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Expires=[^;]+ GMT; Secure$/,
      ),
    ]);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
  });

  it('needs the CSRF token for changes, as any session', async () => {
    const cookie = sessionOf(await world.logIn('olga'));
    const change = (headers: Record<string, string>) =>
      world.api.ask('POST', '/v1/tokens', { name: 't' }, { cookie, ...headers });
    expect((await change({})).body.code).toBe('csrf_token_invalid');
    const { csrfToken } = await whoIs(cookie);
    expect((await change({ 'x-csrf-token': csrfToken })).status).toBe(201);
  });

  it.each([
    ['/webhooks?state=Enabled', '/webhooks?state=Enabled'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example/', '/'],
  ])('leads back to %s as %s', async (returnTo, expected) => {
    const answer = await world.logIn(
      'olga',
      `/v1/oidc/login?returnTo=${encodeURIComponent(returnTo)}`,
    );
    expect(answer.headers['location']).toBe(expected);
  });

  it('ends after the configured time', async () => {
    await world.logIn('olga');
    const [session] = await world.run<{ hours: string }>(
      `select round(extract(epoch from expires_at - created) / 3600)::text as hours from credential
       where kind = 'session' order by created desc limit 1`,
    );
    expect(session?.hours).toBe('1');
  });

  it('is told of in the log, without what it was proved with', async () => {
    const cookie = sessionOf(await world.logIn('dora'));
    expect(logged('login.succeeded').at(-1)).toContain('"user":"dora"');
    expect(world.api.logged.join('\n')).not.toContain(cookie.split('=')[1]);
    expect(world.api.logged.join('\n')).not.toContain('code=');
  });
});

describe('a user from the provider', () => {
  it('is made at the first login and is the same one afterwards, whatever they are called then', async () => {
    const { people } = world.provider;
    people.set('nina', { preferred_username: 'nina', groups: ['guests'] });
    await world.logIn('nina');
    people.set('nina', { preferred_username: 'nina-married', groups: ['guests'] });
    const me = await whoIs(sessionOf(await world.logIn('nina')));
    expect(me.username).toBe('nina');
    const rows = await world.run(`select username from app_user where subject = 'nina'`);
    expect(rows).toEqual([{ username: 'nina' }]);
    const { body } = await world.api.ask('GET', '/v1/audit?objectId=nina');
    expect(body.items).toMatchObject([
      { action: 'user.created', username: 'nina', after: { issuer: world.provider.issuer } },
    ]);
  });

  it('is made once by two first logins at the same time', async () => {
    world.provider.people.set('twin', { preferred_username: 'twin', groups: ['guests'] });
    const answers = await Promise.all([world.logIn('twin'), world.logIn('twin')]);
    expect(answers.map(({ status }) => status)).toEqual([302, 302]);
    expect(await world.run(`select 1 from app_user where subject = 'twin'`)).toHaveLength(1);
  });

  it.each(['admin', 'olga'])('cannot take over %s by calling themselves so', async name => {
    await world.logIn('olga');
    const before = await world.run('select * from app_user order by id');
    world.provider.people.set('mallory', { preferred_username: name, groups: ['operators'] });
    const answer = await world.logIn('mallory');
    expect(answer.body).toMatchObject({ status: 409, code: 'name_in_use' });
    expect(answer.body.detail).toContain(name);
    expect(sessionOf(answer)).toBe('');
    expect(await world.run('select * from app_user order by id')).toEqual(before);
  });

  it('gets the role and the account of the claims at each login, and the audit says so', async () => {
    const { people } = world.provider;
    people.set('rolf', { preferred_username: 'rolf', groups: ['operators'] });
    const first = sessionOf(await world.logIn('rolf'));
    people.set('rolf', { preferred_username: 'rolf', groups: ['domain-admins'], account: 'eng' });
    await world.logIn('rolf');
    expect(await whoIs(first)).toMatchObject({ role: 'DomainAdmin', accountId: 'eng' });
    const { body } = await world.api.ask('GET', '/v1/audit?objectId=rolf&action=user.updated');
    expect(body.items).toMatchObject([
      {
        before: { role: 'Admin', accountId: null },
        after: { role: 'DomainAdmin', accountId: 'eng' },
      },
    ]);
  });

  it('loses their sessions when the claims give no role any more; tokens and keys wait until they do again', async () => {
    const { people } = world.provider;
    people.set('leo', { preferred_username: 'leo', groups: ['operators'] });
    const cookie = sessionOf(await world.logIn('leo'));
    const { csrfToken } = await whoIs(cookie);
    const headers = { cookie, 'x-csrf-token': csrfToken };
    const made = await world.api.ask('POST', '/v1/tokens', { name: 't' }, headers);
    const pair = await world.api.ask('POST', '/v1/users/leo/keys', undefined, headers);
    const findKey = async () =>
      findByApiKey(databaseOf(world.api.store), pair.body.apiKey, [secretKey]);
    people.set('leo', { preferred_username: 'leo', groups: ['staff'] });
    expect((await world.logIn('leo')).body.code).toBe('oidc_unmapped');
    expect((await whoIs(cookie)).code).toBe('unauthenticated');
    const bearer = { authorization: `Bearer ${made.body.token}` };
    const ask = async () =>
      (await world.api.ask('GET', '/v1/session', undefined, bearer)).body.code ?? 'opens';
    expect([await ask(), await findKey()]).toEqual(['unauthenticated', undefined]);
    people.set('leo', { preferred_username: 'leo', groups: ['operators'] });
    expect((await whoIs(sessionOf(await world.logIn('leo')))).role).toBe('Admin');
    expect((await whoIs(cookie)).code).toBe('unauthenticated');
    expect([await ask(), (await findKey())?.principal.username]).toEqual(['opens', 'leo']);
  });

  it('has no password, and gets none', async () => {
    await world.logIn('gus');
    const given = await world.api.ask('PATCH', '/v1/users/gus', { password: 'a password' });
    expect(given.body).toMatchObject({ status: 409, code: 'user_external' });
    const tried = await world.api.ask('POST', '/v1/login', { username: 'gus', password: '' }, {});
    expect(tried.body.code).toBe('login_failed');
    const list = await world.api.ask('GET', '/v1/users?limit=500');
    const issuers = new Map(list.body.items.map(({ username, issuer }) => [username, issuer]));
    expect(issuers.get('gus')).toBe(world.provider.issuer);
    expect(issuers.get('admin')).toBeNull();
  });

  it('is shut out with their tokens when the provider has not vouched for them in a long time', async () => {
    const cookie = sessionOf(await world.logIn('dora'));
    await world.run(`update app_user set trusted_until = now() - interval '1 second'
      where username = 'dora'`);
    expect((await whoIs(cookie)).code).toBe('unauthenticated');
    expect((await whoIs(sessionOf(await world.logIn('dora')))).username).toBe('dora');
  });
});

describe('whom the claims do not place', () => {
  it.each([
    ['no-groups', { preferred_username: 'a' }, 'The claim groups or realm.roles is missing.'],
    [
      'no-role',
      { preferred_username: 'a', groups: ['staff'] },
      'The claim groups or realm.roles has no value that gives a role.',
    ],
    ['no-name', { groups: ['operators'] }, 'The claim preferred_username is missing.'],
    [
      'bad-name',
      { preferred_username: 'a/b', groups: ['operators'] },
      'The claim preferred_username cannot be a user name here.',
    ],
    [
      'no-account',
      { preferred_username: 'a', groups: ['domain-admins'] },
      'The claim account is missing, and DomainAdmin needs an account.',
    ],
    [
      'lost-account',
      { preferred_username: 'a', groups: ['domain-admins'], account: 'gone' },
      'The account "gone", which the claim account names, is not here.',
    ],
  ])('%s is refused, and told why', async (person, claims, reason) => {
    world.provider.people.set(person, claims);
    const answer = await world.logIn(person);
    expect(answer.body).toMatchObject({ status: 403, code: 'oidc_unmapped', detail: reason });
    expect(sessionOf(answer)).toBe('');
    expect(await world.run(`select 1 from app_user where subject = '${person}'`)).toEqual([]);
    expect(logged('login.refused').at(-1)).toContain(`"subject":"${person}"`);
    const { body } = await world.api.ask('GET', `/v1/audit?objectId=${person}`);
    expect(body.items).toMatchObject([{ action: 'login.refused', after: { reason } }]);
  });

  it('is refused with a page, where a browser asks', async () => {
    world.provider.people.set('<b>', { preferred_username: 'b' });
    const begun = await world.begin();
    const url = await begun.browser.logIn(begun.url, '<b>');
    const answer = await world.comeBack(url, begun, { accept: 'text/html,*/*;q=0.8' });
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('The claim groups or realm.roles is missing.');
  });

  it('is told what the provider says, as text', async () => {
    const begun = await world.begin();
    const state = new URL(begun.url).searchParams.get('state');
    const said = new URLSearchParams({
      error: 'access_denied',
      error_description: '<script>alert(1)</script>',
      state: state ?? '',
      iss: world.provider.issuer,
    });
    const answer = await world.comeBack(`${redirectUrl}?${said.toString()}`, begun, {
      accept: 'text/html',
    });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('access_denied (&lt;script&gt;');
    expect(answer.text).not.toContain('<script');
  });
});

const refusedWith = async (person = 'olga') => {
  const answer = await world.logIn(person);
  expect(sessionOf(answer)).toBe('');
  expect(logged('oidc.refused').length).toBeGreaterThan(0);
  return answer.body;
};

describe('an answer of the provider that does not belong to the login', () => {
  it('is refused without the cookie, or with somebody else’s', async () => {
    const begun = await world.begin();
    const url = await begun.browser.logIn(begun.url, 'olga');
    const without = await world.comeBack(url, { cookie: 'a=b' });
    expect(without.body).toMatchObject({ status: 400, code: 'oidc_state_invalid' });
    const other = await world.comeBack(url, await world.begin());
    expect(other.body).toMatchObject({ status: 401, code: 'oidc_refused' });
    const forged = await world.comeBack(url, { cookie: 'hookline_oidc=AAAA' });
    expect(forged.body.code).toBe('oidc_state_invalid');
    expect((await world.comeBack(url, begun)).status).toBe(302);
  });

  it('is refused with another state', async () => {
    const begun = await world.begin();
    const url = new URL(await begun.browser.logIn(begun.url, 'olga'));
    url.searchParams.set('state', 'another');
    expect((await world.comeBack(url.href, begun)).body.code).toBe('oidc_refused');
  });

  it('is refused from another issuer', async () => {
    const begun = await world.begin();
    const url = new URL(await begun.browser.logIn(begun.url, 'olga'));
    url.searchParams.set('iss', 'https://evil.example');
    expect((await world.comeBack(url.href, begun)).body.code).toBe('oidc_refused');
  });

  it('is refused when the cookie is too old', async () => {
    const begun = await world.begin();
    const url = await begun.browser.logIn(begun.url, 'olga');
    world.clock.aheadMs = 601_000;
    expect((await world.comeBack(url, begun)).body.code).toBe('oidc_state_invalid');
  });

  it('is refused the second time: a code is for once', async () => {
    const begun = await world.begin();
    const url = await begun.browser.logIn(begun.url, 'olga');
    expect((await world.comeBack(url, begun)).status).toBe(302);
    const again = await world.comeBack(url, begun);
    expect(again.body).toMatchObject({ status: 401, code: 'oidc_refused' });
    expect(again.body.detail).toContain('invalid_grant');
  });

  it('is refused with the code of another login: PKCE and nonce are of this one', async () => {
    const [mine, theirs] = [await world.begin(), await world.begin()];
    const url = new URL(await mine.browser.logIn(mine.url, 'olga'));
    const other = new URL(await theirs.browser.logIn(theirs.url, 'gus'));
    url.searchParams.set('code', other.searchParams.get('code') ?? '');
    expect((await world.comeBack(url.href, mine)).body.code).toBe('oidc_refused');
  });

  it.each([
    ['another nonce', { nonce: 'another' }],
    ['another audience', { aud: 'somebody-else' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['a further audience that it was made for', { aud: ['hookline', 'x'], azp: 'x' }],
  ])('is refused with an ID token with %s', async (_, claims) => {
    world.provider.tamper(token => ({ ...token, ...claims }));
    expect((await refusedWith()).code).toBe('oidc_refused');
  });

  it('is refused with an ID token that has expired, but for the clocks’ tolerance', async () => {
    const endedAgo = (seconds: number) =>
      world.provider.tamper(token => ({ ...token, exp: Math.floor(Date.now() / 1_000) - seconds }));
    endedAgo(60);
    expect((await refusedWith()).detail).toContain('expired');
    endedAgo(5);
    expect((await world.logIn('olga')).status).toBe(302);
  });

  it('is refused with an ID token whose time has not come, but for the clocks’ tolerance', async () => {
    const beginsIn = (seconds: number) =>
      world.provider.tamper(token => ({ ...token, nbf: Math.floor(Date.now() / 1_000) + seconds }));
    beginsIn(60);
    expect((await refusedWith()).code).toBe('oidc_refused');
    beginsIn(5);
    expect((await world.logIn('olga')).status).toBe(302);
  });
});

describe('the provider', () => {
  it('may replace its keys at any time', async () => {
    expect((await world.logIn('olga')).status).toBe(302);
    world.provider.rotateKeys();
    expect((await world.logIn('olga')).status).toBe(302);
  });

  it('is not believed with a key that is not its own', async () => {
    world.provider.forge(true);
    const answer = await world.logIn('olga');
    world.provider.forge(false);
    expect(answer.body.code).toBe('oidc_refused');
  });

  it('may be away: that is said, passwords go on, and it is noticed when it is back', async () => {
    const begun = await world.begin();
    const url = await begun.browser.logIn(begun.url, 'olga');
    await world.provider.stop();
    const away = await world.comeBack(url, begun);
    expect(away.body).toMatchObject({ status: 503, code: 'oidc_unavailable' });
    world.clock.aheadMs = 700_000;
    const unknown = await world.api.ask('GET', '/v1/oidc/login', undefined, {});
    expect(unknown.body).toMatchObject({ status: 503, code: 'oidc_unavailable' });
    const password = { username: 'admin', password: 'correct horse' };
    expect((await world.api.ask('POST', '/v1/login', password, {})).status).toBe(200);
    await world.provider.start();
    expect((await world.logIn('olga')).status).toBe(302);
  });

  it('ends its own session when somebody logs out here', async () => {
    const begun = await world.begin();
    const { browser } = begun;
    const cookie = sessionOf(await world.comeBack(await browser.logIn(begun.url, 'olga'), begun));
    const { csrfToken } = await whoIs(cookie);
    const headers = { cookie, 'x-csrf-token': csrfToken };
    const { status, text } = await world.api.ask('POST', '/v1/logout', undefined, headers);
    expect(status).toBe(200);
    expect((await whoIs(cookie)).code).toBe('unauthenticated');
    const { endSessionUrl }: { endSessionUrl: string } = JSON.parse(text);
    expect(new URL(endSessionUrl).searchParams.get('id_token_hint')).toMatch(/^ey/);
    expect(await browser.logIn(endSessionUrl, 'olga')).toBe(homeUrl);
    const again = await world.begin();
    const next = await world.comeBack(await browser.logIn(again.url, 'gus'), again);
    expect((await whoIs(sessionOf(next))).username).toBe('gus');
  });

  it('has nothing to end for a session that began with a password', async () => {
    const password = { username: 'admin', password: 'correct horse' };
    const { body } = await world.api.ask('POST', '/v1/login', password, {});
    const headers = { authorization: `Bearer ${body.token}` };
    expect((await world.api.ask('POST', '/v1/logout', undefined, headers)).status).toBe(204);
  });
});

it('holds back whoever sends it one wrong answer after another', async () => {
  const begun = await world.begin();
  const state = new URL(begun.url).searchParams.get('state') ?? '';
  const query = new URLSearchParams({ state, code: 'guessed', iss: world.provider.issuer });
  const guess = async () =>
    (await world.comeBack(`${redirectUrl}?${query.toString()}`, begun)).body.code;
  let [code, tries] = [await guess(), 1];
  while (code === 'oidc_refused' && tries < 200) {
    code = await guess();
    tries += 1;
  }
  expect(code).toBe('login_limited');
  await world.run('delete from login_attempt');
});
