import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
const url = () => `https://receiver.example/${(count += 1)}`;
const make = async (body: object = {}) => {
  const answer = await api.ask('POST', '/v1/webhooks', {
    name: 'hook',
    payloadUrl: url(),
    ...body,
  });
  expect(answer.text).not.toContain('"code"');
  expect(answer.status).toBe(201);
  return answer.body;
};

describe('making a webhook', () => {
  it("needs a name and a URL; the rest has CloudStack's defaults, and the owner is the one who asks", async () => {
    const payloadUrl = url();
    const answer = await api.ask('POST', '/v1/webhooks', { name: 'hook', payloadUrl });
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: `/v1/webhooks/${answer.body.id}` },
      body: {
        name: 'hook',
        description: null,
        state: 'Enabled',
        scope: 'Local',
        payloadUrl,
        sslVerification: true,
        hasSecret: false,
        categories: ['ActionEvent'],
        filters: [],
        tries: null,
        timeoutMs: null,
        concurrencyMax: null,
        ratePerSecondMax: null,
        ordering: 'none',
        batch: null,
      },
    });
    const { body } = await api.ask('GET', '/v1/accounts?name=admin');
    expect(answer.body.accountId).toBe(body.items[0]?.id);
    expect(answer.body.domainId).toBe(body.items[0]?.domainId);
    const { warnings, ...saved } = answer.body;
    expect(warnings).toEqual([]);
    expect((await api.ask('GET', `/v1/webhooks/${answer.body.id}`)).body).toEqual(saved);
  });

  it('refuses batches for a format that has one event a request', async () => {
    const refused = await api.ask('POST', '/v1/webhooks', {
      name: 'w',
      payloadUrl: 'https://batch.example/',
      batch: {},
    });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'batch_invalid', detail: expect.stringContaining('cloudstack') },
    });
  });

  it('keeps everything it is told, filters included', async () => {
    const made = await make({
      description: 'd',
      state: 'Disabled',
      scope: 'Global',
      sslVerification: false,
      categories: ['*'],
      tries: 5,
      timeoutMs: 2_000,
      concurrencyMax: 3,
      ratePerSecondMax: 20,
      ordering: 'entity',
      format: 'envelope',
      batch: { as: 'ndjson', waitMs: 50 },
      filters: [{ value: 'VM.START' }, { mode: 'Exclude', matchType: 'Prefix', value: 'VOLUME.' }],
    });
    expect(made).toMatchObject({
      description: 'd',
      state: 'Disabled',
      scope: 'Global',
      sslVerification: false,
      categories: ['*'],
      tries: 5,
      timeoutMs: 2_000,
      concurrencyMax: 3,
      ratePerSecondMax: 20,
      ordering: 'entity',
      batch: { as: 'ndjson', waitMs: 50, eventsMax: 100, bytesMax: 1_000_000, gzip: false },
    });
    expect(made.filters).toMatchObject([
      { mode: 'Include', matchType: 'Exact', value: 'VM.START' },
      { mode: 'Exclude', matchType: 'Prefix', value: 'VOLUME.' },
    ]);
  });

  it.each([
    ['HTTP://receiver.example/a', false],
    ['receiver.example:8080/b', false],
    ['https://receiver.example/c', true],
  ])('turns verification on for https alone: %s', async (payloadUrl, sslVerification) => {
    expect((await make({ payloadUrl })).sslVerification).toBe(sslVerification);
  });

  it.each([
    [{ payloadUrl: 'ftp://x' }, 'payload_url_invalid', 'Unsupported scheme for url: ftp://x'],
    [{ payloadUrl: 'http://' }, 'payload_url_invalid', 'Invalid URL: http://'],
    [{ payloadUrl: 'https://u:hunter2@x' }, 'payload_url_invalid', 'secretKey'],
    [
      { payloadUrl: 'http://x', sslVerification: true },
      'ssl_verification_invalid',
      'SSL verification can be specified only for HTTPS URLs, http://x',
    ],
    [{ scope: 'Sideways' }, 'request_invalid', 'Invalid scope specified'],
    [{ state: 'enabled' }, 'request_invalid', 'Invalid state specified'],
    [{ filters: [{ value: 'A', mode: 'Maybe' }] }, 'request_invalid', '/filters/0/mode'],
    [
      { filters: [{ value: 'A' }, { value: 'a' }] },
      'filter_conflict',
      'Conflicting Webhook filter exists',
    ],
    [{ categories: [] }, 'request_invalid', '/categories'],
    [{ categories: ['Action'] }, 'request_invalid', '/categories/0'],
    [{ tries: '3' }, 'request_invalid', '/tries: must be integer'],
    [{ tries: 0 }, 'request_invalid', '/tries'],
    [{ timeoutMs: 1.5 }, 'request_invalid', '/timeoutMs'],
    [{ timeoutMs: 30_001 }, 'request_invalid', '/timeoutMs'],
    [{ name: ' ' }, 'request_invalid', '/name'],
    [{ name: 'a\u0000' }, 'request_invalid', '/name'],
    [{ hasSecret: true }, 'request_invalid', 'has no field hasSecret'],
    [{ accountId: 'nobody' }, 'account_invalid', 'There is no account nobody.'],
    [{ scope: 'Domain', domainId: 'nowhere' }, 'domain_invalid', 'There is no domain nowhere.'],
    [{ domainId: 'nowhere' }, 'domain_invalid', 'only with scope Domain'],
  ])('refuses %j', async (body, code, detail) => {
    const before = (await api.ask('GET', '/v1/webhooks?limit=500')).body.items.length;
    const answer = await api.ask('POST', '/v1/webhooks', {
      name: 'hook',
      payloadUrl: url(),
      ...body,
    });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      code,
      status: answer.status,
      type: `urn:hookline:problem:${code}`,
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.detail).toContain(detail);
    expect(answer.text).not.toContain('hunter2');
    expect((await api.ask('GET', '/v1/webhooks?limit=500')).body.items).toHaveLength(before);
  });

  it('refuses a URL the same owner uses already, and lets another owner use it', async () => {
    const { domainId, payloadUrl } = await make();
    const again = await api.ask('POST', '/v1/webhooks', { name: 'b', payloadUrl });
    expect(again.body).toMatchObject({
      status: 409,
      code: 'payload_url_in_use',
      detail: `Payload URL: ${payloadUrl} is already in use by another webhook`,
    });
    await api.ask('POST', '/v1/accounts', { id: 'other', name: 'other', domainId });
    expect((await make({ payloadUrl, accountId: 'other' })).accountId).toBe('other');
  });

  it('lets one of two who want the same URL at the same moment have it', async () => {
    const payloadUrl = url();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => api.ask('POST', '/v1/webhooks', { name: 'b', payloadUrl })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
  });

  it('watches the domain it is told with scope Domain, else that of its owner', async () => {
    const { domainId: root } = await make();
    const { body: child } = await api.ask('POST', '/v1/domains', { name: 'child' });
    const made = await make({ scope: 'Domain', domainId: child.id });
    expect(made.domainId).toBe(child.id);
    const { body: local } = await api.ask('PATCH', `/v1/webhooks/${made.id}`, { scope: 'Local' });
    expect(local.domainId).toBe(root);
    const { body: domain } = await api.ask('PATCH', `/v1/webhooks/${made.id}`, { scope: 'Domain' });
    expect(domain.domainId).toBe(root);
  });
});

describe('an account', () => {
  it('has no more webhooks than the setting says, also if many are created at once', async () => {
    await api.ask('POST', '/v1/accounts', { id: 'few', name: 'few', domainId: await domainOf() });
    const limit = { name: 'webhook.account.limit', value: 5, domainId: await domainOf() };
    expect((await api.ask('PUT', '/v1/settings', limit)).status).toBe(200);
    const one = async () =>
      api.ask('POST', '/v1/webhooks', { name: 'hook', payloadUrl: url(), accountId: 'few' });
    const answers = await Promise.all(Array.from({ length: 12 }, one));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect((await one()).body).toMatchObject({
      code: 'webhook_limit',
      detail: 'The account has 5 webhooks, which is the limit (setting webhook.account.limit).',
    });
    await api.ask('PUT', '/v1/settings', { ...limit, value: 0 });
    expect((await one()).status).toBe(201);
    await api.ask('DELETE', `/v1/settings?name=${limit.name}&domainId=${limit.domainId}`);
  });
});

async function domainOf(): Promise<string> {
  const { body } = await api.ask('GET', '/v1/accounts?name=admin');
  return String(body.items[0]?.domainId);
}

describe('a secret', () => {
  const secret = 'whsec_dG9wIHNlY3JldCBvZiB0aGUgaG91c2U=';

  it('goes in, is sealed, and never comes out', async () => {
    const { id } = await make({ secretKey: secret });
    const answers = [
      await api.ask('GET', `/v1/webhooks/${id}`),
      await api.ask('GET', '/v1/webhooks?limit=500'),
      await api.ask('PATCH', `/v1/webhooks/${id}`, { name: 'still secret' }),
      await api.ask('PATCH', `/v1/webhooks/${id}`, { secretKey: secret, tries: 'x' }),
    ];
    for (const { text } of answers) expect(text).not.toContain(secret);
    expect(answers[2]?.body.hasSecret).toBe(true);
    expect(api.logged.join('\n')).not.toContain(secret);
    const [row] = await api.store.em
      .fork()
      .execute<{ sealed: Buffer }[]>('select sealed from webhook_secret where webhook_id = ?', [
        id,
      ]);
    expect(row?.sealed.toString('latin1')).not.toContain('top secret');
    expect(row?.sealed.toString('latin1')).not.toContain(secret);
  });

  it.each(['whsec_hello', `${secret}\n`, secret.replaceAll('=', ''), 'whsec_a-b_'])(
    'that libraries of Standard Webhooks refuse is not saved: %j',
    async refused => {
      const { id } = await make({ secretKey: secret });
      const { body } = await api.ask('GET', `/v1/webhooks/${id}`);
      for (const answer of [
        await api.ask('POST', '/v1/webhooks', { name: 'n', payloadUrl: url(), secretKey: refused }),
        await api.ask('PATCH', `/v1/webhooks/${id}`, { secretKey: refused }),
        await api.ask('POST', `/v1/webhooks/${id}/secret`, { secretKey: refused }),
      ]) {
        expect(answer).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
        expect(answer.body.errors).toEqual([
          { path: '/secretKey', message: expect.stringContaining('base64 with its padding') },
        ]);
        expect(answer.text).not.toContain(refused.slice(6));
      }
      expect((await api.ask('GET', `/v1/webhooks/${id}`)).body).toEqual(body);
    },
  );

  it.each([null, ''])('is taken away by %o, and stays when it is not named', async empty => {
    const { id } = await make({ secretKey: secret });
    const change = async (body: object) =>
      (await api.ask('PATCH', `/v1/webhooks/${id}`, body)).body.hasSecret;
    expect(await change({ description: 'x' })).toBe(true);
    expect(await change({ secretKey: empty })).toBe(false);
    expect(await change({ secretKey: 'another' })).toBe(true);
  });
});

describe('changing a webhook', () => {
  it('changes what is named and nothing else', async () => {
    const before = await make({ tries: 4, description: 'd' });
    const { body } = await api.ask('PATCH', `/v1/webhooks/${before.id}`, {
      state: 'Disabled',
      tries: null,
    });
    expect(body).toEqual({
      ...before,
      health: expect.objectContaining({
        state: 'disabled',
        reason: 'disabled by admin',
        since: expect.any(String),
      }),
      retry: expect.stringContaining('up to 3 times'),
      state: 'Disabled',
      tries: null,
      updated: body.updated,
    });
    expect(Date.parse(body.updated)).toBeGreaterThanOrEqual(Date.parse(before.updated));
  });

  it('tells of one that is paused who paused it and since when, until it is enabled', async () => {
    const { id } = await make();
    const change = async (state: string) =>
      (await api.ask('PATCH', `/v1/webhooks/${id}`, { state })).body;
    const health = { state: 'paused', reason: 'paused by admin', since: expect.any(String) };
    expect(await change('Paused')).toMatchObject({ state: 'Paused', health });
    expect(await change('Disabled')).toMatchObject({ health: { reason: 'disabled by admin' } });
    expect(await change('Enabled')).toMatchObject({ health: { state: 'ok', reason: null } });
    const listed = await api.ask('GET', '/v1/webhooks?state=Paused');
    expect(listed.body.items).toEqual([]);
  });

  it.each([
    ['http://plain.example/1', undefined, false],
    ['https://other.example/2', undefined, true],
    ['https://other.example/3', false, false],
  ])('to %s with sslVerification %s', async (payloadUrl, sslVerification, expected) => {
    const { id } = await make();
    const change = { payloadUrl, ...(sslVerification !== undefined && { sslVerification }) };
    expect((await api.ask('PATCH', `/v1/webhooks/${id}`, change)).body.sslVerification).toBe(
      expected,
    );
  });

  it('remembers that verification was turned off when the URL moves', async () => {
    const { id } = await make({ sslVerification: false });
    const { body } = await api.ask('PATCH', `/v1/webhooks/${id}`, { payloadUrl: url() });
    expect(body.sslVerification).toBe(false);
  });

  it.each([
    [{}, 'request_invalid'],
    [{ accountId: 'other' }, 'request_invalid'],
    [{ payloadUrl: 'gopher://x' }, 'payload_url_invalid'],
    [{ scope: 'Nope' }, 'request_invalid'],
  ])('refuses %o', async (change, code) => {
    const { id } = await make();
    expect((await api.ask('PATCH', `/v1/webhooks/${id}`, change)).body.code).toBe(code);
  });

  it("does not take another one's URL", async () => {
    const { payloadUrl } = await make();
    const { id } = await make();
    const answer = await api.ask('PATCH', `/v1/webhooks/${id}`, { payloadUrl });
    expect(answer.body.code).toBe('payload_url_in_use');
  });

  it.each(['GET', 'PATCH', 'DELETE'] as const)(
    '%s of one that is not there is 404',
    async method => {
      const path = '/v1/webhooks/01a1fb67-1801-7abc-8def-0123456789ab';
      const answer = await api.ask(method, path, method === 'PATCH' ? { name: 'x' } : undefined);
      expect(answer.body).toMatchObject({
        status: 404,
        code: 'not_found',
        detail: 'Unable to find the webhook with the specified ID',
      });
    },
  );

  it('deletes it with its filters and its secret', async () => {
    const { id } = await make({ secretKey: 's', filters: [{ value: 'A' }] });
    expect((await api.ask('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    expect((await api.ask('GET', `/v1/webhooks/${id}`)).status).toBe(404);
    expect((await api.ask('DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
  });
});

describe('filters of a webhook', () => {
  it('are added, listed, shown and removed', async () => {
    const { id } = await make();
    const path = `/v1/webhooks/${id}/filters`;
    const added = await api.ask('POST', path, {
      mode: 'Exclude',
      matchType: 'Suffix',
      value: '.DESTROY',
    });
    expect(added).toMatchObject({ status: 201, headers: { location: `${path}/${added.body.id}` } });
    const { warnings, ...saved } = added.body;
    expect(warnings).toEqual([]);
    expect((await api.ask('GET', path)).body).toEqual({ items: [saved], nextCursor: null });
    expect((await api.ask('GET', `${path}/${added.body.id}`)).body).toEqual(saved);
    expect((await api.ask('DELETE', `${path}/${added.body.id}`)).status).toBe(204);
    expect((await api.ask('DELETE', `${path}/${added.body.id}`)).body.code).toBe('not_found');
    expect((await api.ask('GET', path)).body.items).toEqual([]);
  });

  it('do not contradict each other', async () => {
    const { id } = await make();
    const path = `/v1/webhooks/${id}/filters`;
    const { body: first } = await api.ask('POST', path, {
      mode: 'Exclude',
      matchType: 'Prefix',
      value: 'VM.',
    });
    const conflict = await api.ask('POST', path, { value: 'VM.START' });
    expect(conflict.body).toMatchObject({
      code: 'filter_conflict',
      detail: `Conflicting Webhook filter exists ID: ${first.id}`,
    });
  });

  it('belong to a webhook that is there', async () => {
    const path = '/v1/webhooks/01a1fb67-1801-7abc-8def-0123456789ab/filters';
    expect((await api.ask('GET', path)).status).toBe(404);
    expect((await api.ask('POST', path, { value: 'A' })).status).toBe(404);
  });
});

describe('the list of webhooks', () => {
  it('runs through all of them in pages, oldest first, whatever is added meanwhile', async () => {
    const { body: owner } = await api.ask('GET', '/v1/accounts?name=admin');
    await api.ask('POST', '/v1/accounts', {
      id: 'paged',
      name: 'paged',
      domainId: owner.items[0]?.domainId,
    });
    const made: string[] = [];
    for (let index = 0; index < 7; index += 1) made.push((await make({ accountId: 'paged' })).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await api.ask('GET', `/v1/webhooks?accountId=paged&limit=3${more}`);
      expect(body.items.length).toBeLessThanOrEqual(3);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(made);
  });

  it.each(['name=odd', 'state=Disabled&name=odd', 'scope=Global&name=odd'])(
    'finds by %s',
    async query => {
      await make({ name: 'odd', state: 'Disabled', scope: 'Global' });
      const { body } = await api.ask('GET', `/v1/webhooks?${query}`);
      expect(body.items.length).toBeGreaterThan(0);
      for (const item of body.items) expect(item.name).toBe('odd');
    },
  );

  it.each([
    ['limit=0', 'request_invalid'],
    ['limit=501', 'request_invalid'],
    ['limit=ten', 'request_invalid'],
    ['scope=All', 'request_invalid'],
    ['nmae=x', 'request_invalid'],
    ['name=%00', 'request_invalid'],
    ['cursor=nonsense', 'cursor_invalid'],
  ])('refuses %s', async (query, code) => {
    expect((await api.ask('GET', `/v1/webhooks?${query}`)).body.code).toBe(code);
  });
});
