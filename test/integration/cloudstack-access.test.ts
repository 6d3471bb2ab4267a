import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { csrfTokenOf } from '../../src/access/cookie.ts';
import {
  canonicalQuery,
  signQueryText,
} from '../../src/directory/cloudstack/cloudstack-signature.ts';
import { startApi, type ApiUnderTest } from './api-harness.ts';
import {
  ask,
  inMinutes,
  makePair,
  queryOf,
  send,
  signed,
  version3,
  type Pair,
  type Params,
  type Sent,
} from './cloudstack-harness.ts';

let api: ApiUnderTest;
let pair: Pair;
beforeAll(async () => {
  api = await startApi();
  pair = await makePair(api, 'admin');
  await api.store.em.fork()
    .execute(`insert into domain (id, name, parent_id) select 'below', 'Below', id from domain where parent_id is null;
      insert into domain (id, name, parent_id) values ('deep', 'Deep', 'below');
      insert into account (id, name, domain_id) values ('deep-account', 'd', 'deep')`);
});
afterAll(() => api[Symbol.asyncDispose]());

const command: Params = { command: 'listWebhooks', response: 'json' };
const get = async (params: Params): Promise<Sent> =>
  send(api, { method: 'GET', url: `/client/api?${queryOf(params)}` });
const post = async (params: Params, cookie?: string): Promise<Sent> =>
  send(api, {
    method: 'POST',
    url: '/client/api',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      ...(cookie !== undefined && { cookie }),
    },
    payload: queryOf(params),
  });

const refusal =
  '{"listwebhooksresponse":{"uuidList":[],"errorcode":401,"errortext":"unable to verify user credentials and/or request signature"}}';

describe('a signature', () => {
  it('opens the API, in a query and in a form', async () => {
    expect((await get(signed(command, pair))).text).toBe('{"listwebhooksresponse":{}}');
    expect((await post(signed(command, pair))).text).toBe('{"listwebhooksresponse":{}}');
  });

  it.each(['1', '2', 'two', ''])('of version %j does not expire', async signatureVersion => {
    expect((await get(signed({ ...command, signatureVersion }, pair))).status).toBe(200);
  });

  it.each([
    ['+0000', () => inMinutes(1)],
    ['Z', () => new Date(Date.now() + 60_000).toISOString()],
    [
      'an offset',
      () => `${new Date(Date.now() + 5.6 * 3_600_000).toISOString().slice(0, 19)}+05:30`,
    ],
    ['hours ahead', () => inMinutes(600)],
  ])('of version 3 is good until it expires: %s', async (_form, expires) => {
    expect((await get(signed(version3(command, expires()), pair))).status).toBe(200);
  });

  it.each([
    ['expired', () => version3(command, inMinutes(-1))],
    ['without an expiry', () => ({ ...command, signatureVersion: '3' })],
    ['with an empty expiry', () => version3(command, '')],
    ['with an expiry that is no date', () => version3(command, 'tomorrow')],
    ['with an expiry without a zone', () => version3(command, inMinutes(1).slice(0, 19))],
    ['with a day that there is not', () => version3(command, '2999-02-30T00:00:00+0000')],
  ])('of version 3 is refused %s', async (_name, params) => {
    const { status, text } = await get(signed(params(), pair));
    expect([status, text]).toEqual([401, refusal]);
  });

  it.each([
    ['of another secret', () => signed(command, { ...pair, secretKey: 'x' })],
    ['of an unknown key', () => signed(command, { ...pair, apiKey: 'x' })],
    ['of other parameters', () => ({ ...signed(command, pair), pagesize: '1' })],
    ['that is empty', () => ({ ...signed(command, pair), signature: '' })],
    ['of another length', () => ({ ...signed(command, pair), signature: 'AAAA' })],
    ['that is missing', () => ({ ...command, apiKey: pair.apiKey })],
    ['without a key', () => ({ ...command, signature: 'AAAA' })],
    ['by nobody', () => command],
  ])('is refused %s', async (_name, params) => {
    const { status, text } = await get(params());
    expect([status, text]).toEqual([401, refusal]);
  });

  it('covers every value as it is used, whatever is in it', async () => {
    const name = `Zoë O'Neil "a*b" ~1+2/3=50% <&> 漢字 😀 (x)!`;
    const { fields } = await ask(api, pair, 'createWebhook', {
      name,
      payloadurl: 'https://r/sign',
    });
    expect(fields.webhook).toMatchObject({ name });
  });

  it('may have `~` as it is, as clients in Go and Python sign it', async () => {
    const params = signed({ ...command, keyword: 'a~b' }, pair);
    expect((await get(params)).status).toBe(200);
    const query = canonicalQuery(Object.entries(params)).replaceAll('%7E', '~');
    const signature = signQueryText(query, pair.secretKey);
    expect((await get({ ...params, signature })).status).toBe(200);
  });

  it('is found whatever the case of the names, and so are parameters', async () => {
    const asked = { ...command, KEYWORD: 'nothing', ListAll: 'true', APIKEY: pair.apiKey };
    const query = canonicalQuery(Object.entries(asked));
    const shouted = { ...asked, SIGNATURE: signQueryText(query, pair.secretKey) };
    expect((await get(shouted)).fields).toEqual({});
  });

  it('is over the value that is used where a name is given twice', async () => {
    const params = signed({ ...command, keyword: 'last' }, pair);
    const query = `keyword=first&${queryOf(params)}`;
    expect((await send(api, { method: 'GET', url: `/client/api?${query}` })).status).toBe(200);
    const other = `${queryOf(params)}&keyword=other`;
    expect((await send(api, { method: 'GET', url: `/client/api?${other}` })).status).toBe(401);
  });

  it('cannot be stretched by a second spelling of a name', async () => {
    const { status, fields } = await get(signed({ ...command, keyword: 'a', Keyword: 'b' }, pair));
    expect(status).toBe(431);
    expect(fields.errortext).toBe('Parameter keyword is given more than once');
  });

  it('reads `+` and `%20` both as a blank', async () => {
    const query = queryOf(signed({ ...command, keyword: 'a b' }, pair));
    for (const blank of ['+', '%20']) {
      const url = `/client/api?${query.replace('a%20b', `a${blank}b`)}`;
      expect((await send(api, { method: 'GET', url })).status).toBe(200);
    }
  });

  it('is found in a POST without a form, or with a body of another kind', async () => {
    const url = `/client/api?${queryOf(signed(command, pair))}`;
    expect((await send(api, { method: 'POST', url })).status).toBe(200);
    const headers = { 'content-type': 'application/json' };
    expect((await send(api, { method: 'POST', url, headers, payload: '{not json' })).status).toBe(
      200,
    );
  });

  it('of a user whose account has gone from the cloud opens nothing', async () => {
    await api.store.em.fork()
      .execute(`insert into account (id, name, domain_id, removed_at) values ('gone', 'g', 'below', now());
        insert into app_user (username, role, account_id) values ('gone', 'User', 'gone')`);
    const gone = await makePair(api, 'gone');
    expect((await get(signed(command, gone))).text).toBe(refusal);
  });
});

const cookiesOf = ({ headers }: Sent): string =>
  [headers['set-cookie']]
    .flat()
    .map(cookie => String(cookie).split(';')[0] ?? '')
    .join('; ');
const credentials: Params = {
  command: 'login',
  response: 'json',
  username: 'admin',
  password: 'correct horse',
};

describe('a session', () => {
  it('begins with login, which answers as CloudStack does', async () => {
    const answer = await post(credentials);
    expect(answer.status).toBe(200);
    expect(answer.envelope).toBe('loginresponse');
    expect(answer.fields).toEqual({
      username: 'admin',
      userid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      domainid: expect.any(String),
      timeout: expect.any(Number),
      account: 'admin',
      type: '1',
      registered: 'false',
      sessionkey: expect.stringMatching(/^[\w-]{43}$/),
      is2faenabled: 'false',
      is2faverified: 'true',
    });
    expect(answer.fields['timeout']).toBeLessThanOrEqual(7 * 86_400);
    const [id, key] = [answer.headers['set-cookie']].flat().map(String);
    expect(id).toMatch(/^JSESSIONID=hkl_\S{43}; Path=\/client; HttpOnly; SameSite=Lax; Expires=/);
    expect(key).toMatch(
      new RegExp(`^sessionkey=${answer.fields.sessionkey}; Path=/client; HttpOnly`),
    );
  });

  it('goes on with its cookies and its key, and ends with logout', async () => {
    const begun = await post(credentials);
    const cookie = cookiesOf(begun);
    const sessionkey = begun.fields.sessionkey ?? '';
    const asked = { ...command, sessionkey };
    expect((await post(asked, cookie)).text).toContain('"listwebhooksresponse":{"count"');
    const ended = await post({ command: 'logout', response: 'json' }, cookie);
    expect(ended.text).toBe('{"logoutresponse":{"description":"success"}}');
    expect(String(ended.headers['set-cookie'])).toContain('JSESSIONID=; ');
    expect((await post(asked, cookie)).text).toBe(refusal);
  });

  it('is nothing without the key as a parameter, or with the key of another', async () => {
    const [begun, another] = [await post(credentials), await post(credentials)];
    const cookie = cookiesOf(begun);
    const sessionkey = begun.fields.sessionkey ?? '';
    const other = another.fields.sessionkey ?? '';
    expect((await post(command, cookie)).status).toBe(401);
    expect((await post({ ...command, sessionkey: other }, cookie)).status).toBe(401);
    expect((await post({ ...command, sessionkey }, '')).status).toBe(401);
    const mixed = cookie.replace(sessionkey, other);
    expect((await post({ ...command, sessionkey }, mixed)).status).toBe(401);
    const alone = cookie.split('; ')[0] ?? '';
    expect((await post({ ...command, sessionkey }, alone)).status).toBe(200);
  });

  it('is not begun by a token that somebody made for a program', async () => {
    const asked = { ...command, sessionkey: csrfTokenOf(api.token) };
    expect((await post(asked, `JSESSIONID=${api.token}`)).status).toBe(401);
  });

  it('is not begun by a GET, which would leave the password in logs', async () => {
    const { status, text } = await get(credentials);
    expect(status).toBe(405);
    expect(text).toBe(
      '{"loginresponse":{"uuidList":[],"errorcode":405,"errortext":"Please use HTTP POST to authenticate using this API"}}',
    );
  });

  it.each<[string, Params]>([
    ['a wrong password', { password: 'x' }],
    ['no password', { password: '' }],
    ['an unknown user', { username: 'nobody' }],
    ["another's domain", { domain: '/Below' }],
    ["another's domain by its id", { domainid: 'below' }],
  ])('is not begun with %s', async (_name, wrong) => {
    const { status, envelope, fields } = await post({ ...credentials, ...wrong });
    expect([status, envelope, fields.errorcode]).toEqual([531, 'loginresponse', 531]);
    const username = wrong['username'] ?? 'admin';
    expect(fields.errortext).toBe(
      `Failed to authenticate user ${username}; please provide valid credentials`,
    );
  });

  it.each(['/', '', '//'])('of a user in the root domain may say so: %j', async domain => {
    expect((await post({ ...credentials, domain })).status).toBe(200);
  });

  it.each([
    ['/Below/Deep', 200],
    ['Below/Deep/', 200],
    ['/Deep', 531],
    ['/', 531],
    ['/Below', 531],
  ])('of a user further down is found by the path %s: %i', async (domain, status) => {
    const user = {
      username: 'deep',
      password: 'correct horse',
      role: 'User',
      accountId: 'deep-account',
    };
    await api.ask('POST', '/v1/users', user);
    const { username, password } = user;
    expect(
      (await post({ command: 'login', response: 'json', username, password, domain })).status,
    ).toBe(status);
  });

  it('is held back after too many attempts', async () => {
    const guess = { ...credentials, username: 'guessed', password: 'x' };
    for (let tries = 0; tries < 10; tries += 1) expect((await post(guess)).status).toBe(531);
    const { status, headers, fields } = await post(guess);
    expect([status, fields.errorcode]).toEqual([429, 429]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(fields.errortext).toMatch(/^Try again in \d+ seconds\.$/);
  });
});

describe('what is asked', () => {
  it('must be a command', async () => {
    const { status, text } = await get(signed({ response: 'json' }, pair));
    expect([status, text]).toEqual([
      400,
      '{"errorresponse":{"uuidList":[],"errorcode":400,"errortext":"no command specified"}}',
    ]);
  });

  it.each(['listHosts', 'createwebhook', '__proto__', 'constructor', ''])(
    'must be a command there is, and %j is none',
    async unknown => {
      const { status, text } = await ask(api, pair, unknown);
      expect([status, text]).toEqual([
        432,
        `{"errorresponse":{"uuidList":[],"errorcode":432,"cserrorcode":9999,"errortext":"The given command '${unknown}' either does not exist, is not available for user."}}`,
      ]);
    },
  );

  it('is refused in the format that was asked for, whatever is wrong with it', async () => {
    const json = await send(api, { method: 'GET', url: '/client/api?response=json&x=%zz' });
    expect([json.status, json.text]).toEqual([
      430,
      '{"errorresponse":{"uuidList":[],"errorcode":430,"errortext":"Malformed parameters: %zz is not percent-encoded UTF-8"}}',
    ]);
    const xml = await send(api, { method: 'GET', url: '/client/api?x=%zz' });
    expect(xml.headers['content-type']).toBe('text/xml; charset=UTF-8');
    expect(xml.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><errorresponse cloud-stack-version="4.23.0.0"><errorcode>430</errorcode><errortext>Malformed parameters: %zz is not percent-encoded UTF-8</errortext></errorresponse>',
    );
  });

  it.each([
    ['an API key there is', true, 200],
    ['an API key there is not', false, 401],
  ])('may be larger than 16 kB with %s', async (_, isKnown, status) => {
    const params = signed(
      { command: 'listWebhooks', response: 'json', x: 'a'.repeat(20_000) },
      pair,
    );
    const sent = await send(api, {
      method: 'POST',
      url: '/client/api?response=json',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: queryOf(isKnown ? params : { ...params, apiKey: 'x' }),
    });
    expect(sent.status).toBe(status);
  });

  it('is refused when it is too large', async () => {
    const large = await send(api, {
      method: 'POST',
      url: '/client/api?response=json',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `x=${'a'.repeat(1_100_000)}`,
    });
    expect([large.status, large.envelope]).toEqual([431, 'errorresponse']);
  });

  it('is answered in XML unless it asks for JSON', async () => {
    const params = { command: 'createWebhook', name: '<a> & "b"', payloadurl: 'http://r/xml' };
    const { headers, text } = await get(signed(params, pair));
    expect(headers['content-type']).toBe('text/xml; charset=UTF-8');
    expect(text).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?><createwebhookresponse cloud-stack-version="4\.23\.0\.0"><webhook><id>[0-9a-f-]{36}<\/id><name>&lt;a&gt; &amp; &quot;b&quot;<\/name><state>Enabled<\/state><domainid>[0-9a-f-]{36}<\/domainid><domain>ROOT<\/domain><account>admin<\/account><payloadurl>http:\/\/r\/xml<\/payloadurl><sslverification>false<\/sslverification><scope>Local<\/scope><created>[^<]+<\/created><\/webhook><\/createwebhookresponse>$/,
    );
    const listed = await get(signed({ command: 'listWebhooks', name: '<a> & "b"' }, pair));
    expect(listed.text).toMatch(
      /^<\?xml [^>]+><listwebhooksresponse [^>]+><count>1<\/count><webhook><id>/,
    );
  });

  it('leaves no secret in the log', async () => {
    await ask(api, pair, 'listWebhooks', { keyword: 'in-the-query' });
    await post({ ...credentials, password: 'in-the-form' });
    const logged = api.logged.join('\n');
    expect(logged).not.toContain('in-the-query');
    expect(logged).not.toContain('in-the-form');
    expect(logged).not.toContain(pair.secretKey);
  });
});
