import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Params } from './cloudstack-harness.ts';
import { openCloudstackWorld, refused, webhookOf } from './cloudstack-world.ts';
import type { CloudstackWorld, Role } from './cloudstack-world.ts';

let world: CloudstackWorld;
beforeAll(async () => {
  world = await openCloudstackWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.run('delete from webhook'));

const as: CloudstackWorld['as'] = async (...asked) => world.as(...asked);
const make: CloudstackWorld['make'] = async (...wanted) => world.make(...wanted);

describe('createWebhook', () => {
  it("answers with CloudStack's fields in CloudStack's order, and its defaults", async () => {
    const { text } = await as('Admin', 'createWebhook', {
      name: 'Test',
      payloadurl: 'http://r.example/hook',
    });
    const shape =
      /^\{"createwebhookresponse":\{"webhook":\{"id":"[0-9a-f-]{36}","name":"Test","state":"Enabled","domainid":"[0-9a-f-]{36}","domain":"ROOT","account":"admin","payloadurl":"http:\/\/r\.example\/hook","sslverification":false,"scope":"Local","created":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"\}\}\}$/;
    expect(text).toMatch(shape);
  });

  it('takes all that CloudStack takes, words in any case, and keeps the secret to itself', async () => {
    const answer = await as('Admin', 'createWebhook', {
      name: 'All',
      description: 'Of all',
      state: 'disabled',
      scope: 'GLOBAL',
      payloadurl: 'https://r.example/all',
      sslverification: 'false',
      secretkey: 'hunter2-hunter2',
      account: 'peer',
      domainid: 'home',
    });
    expect(answer.text).not.toContain('hunter2');
    const { id, created: _, ...webhook } = webhookOf(answer);
    expect(webhook).toEqual({
      name: 'All',
      description: 'Of all',
      state: 'Disabled',
      domainid: 'home',
      domain: 'Home',
      account: 'peer',
      payloadurl: 'https://r.example/all',
      sslverification: false,
      scope: 'Global',
    });
    expect((await world.api.ask('GET', `/v1/webhooks/${id}`)).body.hasSecret).toBe(true);
    const { items } = (await world.api.ask('GET', `/v1/audit?objectId=${id}`)).body;
    expect(items.map(({ action, username }) => [action, username])).toEqual([
      ['webhook.created', 'admin'],
    ]);
  });

  it('verifies certificates unless it is told not to', async () => {
    expect(await make('User', { payloadurl: 'https://r.example/tls' })).toMatchObject({
      sslverification: true,
    });
  });

  it('puts http before a URL without a scheme', async () => {
    expect(await make('User', { payloadurl: 'r.example:8080/x' })).toMatchObject({
      payloadurl: 'http://r.example:8080/x',
    });
  });

  it.each<[Role, Params, object]>([
    ['Admin', { scope: 'Domain', domainid: 'home' }, { account: 'admin', domainid: 'home' }],
    ['Admin', { account: 'sub', domainid: 'sub' }, { account: 'sub', domainid: 'sub' }],
    ['Admin', { projectid: 'project' }, { projectid: 'project', project: 'Project' }],
    ['DomainAdmin', { scope: 'Domain', domainid: 'sub' }, { scope: 'Domain', domainid: 'sub' }],
    ['DomainAdmin', { scope: 'Domain' }, { scope: 'Domain', domainid: 'home' }],
    ['DomainAdmin', { account: 'sub', domainid: 'sub' }, { account: 'sub', scope: 'Local' }],
    ['User', { account: 'own', domainid: 'home' }, { account: 'own' }],
    // What is an admin's to say is not heard from others: so do CloudStack's own tests have it.
    ['User', { scope: 'Domain', domainid: 'home' }, { scope: 'Local', domainid: 'home' }],
    ['User', { scope: 'Domain', domainid: 'foreign' }, { scope: 'Local', domainid: 'home' }],
    ['User', { scope: 'Global' }, { scope: 'Local', account: 'own' }],
  ])('by %s with %j makes %j', async (role, params, expected) => {
    const webhook = await make(role, params);
    expect(webhook).toMatchObject(expected);
    expect('projectid' in webhook).toBe('projectid' in params);
    expect('account' in webhook).toBe(!('projectid' in params));
  });

  it.each<[Role, Params, number, string]>([
    ['Admin', { scope: 'planet' }, 530, 'Invalid scope specified'],
    ['Admin', { state: 'off' }, 530, 'Invalid state specified'],
    ['DomainAdmin', { scope: 'Global' }, 530, 'Scope Global can not be specified for owner own'],
    ['DomainAdmin', { scope: 'Domain', domainid: 'foreign' }, 530, 'There is no domain foreign.'],
    [
      'Admin',
      { payloadurl: 'http://plain.example', sslverification: 'true' },
      530,
      'SSL verification can be specified only for HTTPS URLs, http://plain.example',
    ],
    ['Admin', { payloadurl: 'ftp://r' }, 431, 'Unsupported scheme for url: ftp://r'],
    ['Admin', { payloadurl: 'http://' }, 431, 'Invalid URL: http://'],
    ['Admin', { account: 'own' }, 530, 'AccountName and domainId must be specified together'],
    [
      'Admin',
      { account: 'nobody', domainid: 'home' },
      530,
      'Unable to find account nobody in domain home',
    ],
    [
      'DomainAdmin',
      { account: 'foreign', domainid: 'foreign' },
      530,
      'Unable to find account foreign in domain foreign',
    ],
    [
      'User',
      { account: 'peer', domainid: 'home' },
      530,
      "Can't create/list resources for account peer in domain home, permission denied",
    ],
    ['User', { projectid: 'project' }, 530, 'Unable to find project by id project'],
    ['Admin', { projectid: 'own' }, 530, 'Unable to find project by id own'],
    [
      'Admin',
      { account: 'own', domainid: 'home', projectid: 'project' },
      530,
      "ProjectId and account/domainId can't be specified together",
    ],
  ])('by %s with %j is refused', async (role, params, status, text) => {
    const answer = await as(role, 'createWebhook', {
      name: 'w',
      payloadurl: 'http://r.example/refused',
      ...params,
    });
    expect(refused(answer)).toEqual([status, 'createwebhookresponse', status, 9999, text]);
  });

  it('refuses a URL that another webhook of the owner has, and no other', async () => {
    await make('User', { payloadurl: 'http://r.example/twice' });
    const again = { name: 'w', payloadurl: 'http://r.example/twice' };
    expect(refused(await as('User', 'createWebhook', again)).slice(-1)).toEqual([
      'Payload URL: http://r.example/twice is already in use by another webhook',
    ]);
    await make('Admin', { payloadurl: 'http://r.example/twice' });
  });
});

describe('updateWebhook', () => {
  it('changes what it is given, and answers with the webhook', async () => {
    const { id } = await make('User', { description: 'before', secretkey: 's' });
    const answer = await as('User', 'updateWebhook', {
      id,
      name: 'New name',
      description: '',
      state: 'Disabled',
      payloadurl: 'https://r.example/new',
      secretkey: ' ',
    });
    expect(answer.envelope).toBe('updatewebhookresponse');
    expect(webhookOf(answer)).toMatchObject({
      id,
      name: 'New name',
      description: '',
      state: 'Disabled',
      payloadurl: 'https://r.example/new',
      sslverification: true,
      account: 'own',
    });
    expect((await world.api.ask('GET', `/v1/webhooks/${id}`)).body.hasSecret).toBe(false);
  });

  it('shows a paused webhook as disabled, and does not cancel what it keeps when that is written back', async () => {
    const { id } = await make('User');
    const path = `/v1/webhooks/${id}`;
    const stateNow = async (): Promise<unknown> =>
      JSON.parse((await world.api.ask('GET', path)).text).state;
    await world.api.ask('PATCH', path, { state: 'Paused' });
    const answer = await as('User', 'updateWebhook', { id, state: 'Disabled', name: 'kept' });
    expect(webhookOf(answer)).toMatchObject({ state: 'Disabled', name: 'kept' });
    expect(await stateNow()).toBe('Paused');
    await as('User', 'updateWebhook', { id, state: 'Enabled' });
    expect(await stateNow()).toBe('Enabled');
  });

  it('lets blanks and nothing at all change nothing', async () => {
    const before = await make('User', { secretkey: 's' });
    const { id } = before;
    const blank = { name: ' ', payloadurl: '', state: '', scope: '' };
    expect(webhookOf(await as('User', 'updateWebhook', { id, ...blank }))).toEqual(before);
    expect(webhookOf(await as('User', 'updateWebhook', { id }))).toEqual(before);
    expect((await world.api.ask('GET', `/v1/webhooks/${id}`)).body.hasSecret).toBe(true);
    const { items } = (await world.api.ask('GET', `/v1/audit?objectId=${id}`)).body;
    expect(items.map(({ action }) => action)).toEqual(['webhook.created']);
  });

  it('does not find what there is not, or what is a stranger’s', async () => {
    const { id } = await make('Admin');
    const text = 'Unable to find the webhook with the specified ID';
    for (const command of ['updateWebhook', 'deleteWebhook']) {
      for (const one of [id, '00000000-0000-4000-8000-000000000000']) {
        const answer = await as('User', command, { id: one, name: 'x' });
        expect(refused(answer)).toEqual([530, `${command.toLowerCase()}response`, 530, 9999, text]);
      }
    }
  });
});

describe('deleteWebhook', () => {
  it('succeeds once', async () => {
    const { id } = await make('User');
    const { text } = await as('User', 'deleteWebhook', { id });
    expect(text).toBe('{"deletewebhookresponse":{"success":true}}');
    expect((await as('User', 'deleteWebhook', { id })).status).toBe(530);
    expect((await as('User', 'listWebhooks', { id })).text).toBe('{"listwebhooksresponse":{}}');
  });
});
