import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Params, Sent } from './cloudstack-harness.ts';
import { openCloudstackWorld, refused } from './cloudstack-world.ts';
import type { CloudstackWorld, Role } from './cloudstack-world.ts';

let world: CloudstackWorld;
beforeAll(async () => {
  world = await openCloudstackWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.run('delete from webhook'));

const as: CloudstackWorld['as'] = async (...asked) => world.as(...asked);
const make: CloudstackWorld['make'] = async (...wanted) => world.make(...wanted);

const filter = async (params: Params): Promise<Sent> => as('User', 'addWebhookFilter', params);

describe('filters', () => {
  it("are added with CloudStack's defaults and words in any case", async () => {
    const { id: webhookid } = await make('User', { name: 'Filtered' });
    const { text } = await filter({ webhookid, value: 'VM.START' });
    const shape =
      /^\{"addwebhookfilterresponse":\{"webhookfilter":\{"id":"[0-9a-f-]{36}","webhookid":"[0-9a-f-]{36}","webhookname":"Filtered","type":"EventType","mode":"Include","matchtype":"Exact","value":"VM\.START","created":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000"\}\}\}$/;
    expect(text).toMatch(shape);
    const second = await filter({ webhookid, value: 'VM.', mode: 'exclude', matchtype: 'PREFIX' });
    expect(second.text).toContain('"mode":"Exclude","matchtype":"Prefix","value":"VM."');
  });

  it('are listed newest first, with the count of all, and deleted by id or all of a webhook', async () => {
    const { id: webhookid } = await make('User');
    const { id: another } = await make('User');
    for (const value of ['A', 'B', 'C']) await filter({ webhookid, value });
    await filter({ webhookid: another, value: 'D' });
    const list = async (params: Params) => {
      const { text } = await as('User', 'listWebhookFilters', params);
      const parsed: {
        listwebhookfiltersresponse: {
          count?: number;
          webhookfilter?: { id: string; value: string }[];
        };
      } = JSON.parse(text);
      return parsed.listwebhookfiltersresponse;
    };
    const first = await list({ webhookid, page: '1', pagesize: '2' });
    expect([first.count, first.webhookfilter?.map(({ value }) => value)]).toEqual([3, ['C', 'B']]);
    const [newest] = first.webhookfilter ?? [];
    expect(await list({ id: newest?.id ?? '' })).toMatchObject({ count: 1 });
    const gone = await as('User', 'deleteWebhookFilter', { id: newest?.id ?? '' });
    expect(gone.text).toBe('{"deletewebhookfilterresponse":{"success":true}}');
    expect((await list({ webhookid })).count).toBe(2);
    await as('User', 'deleteWebhookFilter', {});
    expect((await list({})).count).toBe(3);
    await as('User', 'deleteWebhookFilter', { webhookid });
    expect(await list({ webhookid })).toEqual({});
    expect((await list({})).count).toBe(1);
  });

  it('lists filters that CloudStack has no words for', async () => {
    const { id: webhookid } = await make('User');
    const severe = { type: 'Severity', value: 'error' };
    await world.api.ask('POST', `/v1/webhooks/${webhookid}/filters`, severe);
    const { text } = await as('User', 'listWebhookFilters', { webhookid });
    expect(text).toContain(
      '"type":"Severity","mode":"Include","matchtype":"Exact","value":"error"',
    );
  });

  it.each([
    [{ mode: 'x' }, 530, 9999, 'Invalid mode specified'],
    [{ matchtype: 'x' }, 530, 9999, 'Invalid match type specified'],
    [{ value: '' }, 431, 9999, 'Empty or null value provided for API arg: value'],
  ])('with %j are refused', async (params, status, csErrorCode, text) => {
    const { id: webhookid } = await make('User');
    const answer = await filter({ webhookid, value: 'A', ...params });
    expect(refused(answer)).toEqual([
      status,
      'addwebhookfilterresponse',
      status,
      csErrorCode,
      text,
    ]);
  });

  it('that repeat or contradict another are refused, and so are those of strangers', async () => {
    const { id: webhookid } = await make('User');
    const { text } = await filter({ webhookid, value: 'VM.', matchtype: 'Prefix' });
    const id = /"id":"([^"]+)"/.exec(text)?.[1];
    const conflict = await filter({ webhookid, value: 'vm.start', mode: 'Exclude' });
    expect(refused(conflict).slice(-1)).toEqual([`Conflicting Webhook filter exists ID: ${id}`]);
    const { id: strangers } = await make('Admin');
    const strange = await filter({ webhookid: strangers, value: 'A' });
    expect(refused(strange).slice(-1)).toEqual([
      'Unable to find the webhook with the specified ID',
    ]);
    await as('Admin', 'addWebhookFilter', { webhookid: strangers, value: 'A' });
    const listed = await as('User', 'listWebhookFilters', { webhookid: strangers });
    expect(listed.text).toBe('{"listwebhookfiltersresponse":{}}');
    await as('User', 'deleteWebhookFilter', { webhookid: strangers });
    expect((await as('Admin', 'listWebhookFilters', { webhookid: strangers })).fields.count).toBe(
      1,
    );
  });
});

const byName = async (role: Role, name: string) => {
  const { text } = await as(role, 'listApis', { name });
  const parsed: {
    listapisresponse: {
      count: number;
      api: {
        params: {
          name: string;
          type: string;
          required: boolean;
          length: number;
          related?: string;
        }[];
        response: { name: string }[];
      }[];
    };
  } = JSON.parse(text);
  return parsed.listapisresponse;
};

const isScoped = async (role: Role): Promise<boolean> =>
  (await byName(role, 'createWebhook')).api.some(({ params }) =>
    params.some(({ name }) => name === 'scope'),
  );

describe('listApis', () => {
  it('tells of a command what CloudStack does', async () => {
    const { count, api: apis } = await byName('Admin', 'deleteWebhook');
    expect(count).toBe(1);
    expect(apis).toEqual([
      {
        name: 'deleteWebhook',
        description: 'Deletes a Webhook',
        since: '4.20.0',
        isasync: false,
        related: '',
        params: [
          {
            name: 'id',
            description: 'The ID of the Webhook',
            type: 'uuid',
            length: 255,
            required: true,
            related: 'createWebhook,listWebhooks,updateWebhook',
          },
        ],
        response: [
          {
            name: 'success',
            type: 'boolean',
            description: 'true if operation is executed successfully',
          },
        ],
      },
    ]);
  });

  it('lists the ten webhook commands, those of the session and itself', async () => {
    const { text } = await as('User', 'listApis');
    const names = [
      ...text.matchAll(/\{"name":"(\w+)","description":"[^"]*",(?:"since":"[^"]*",)?"isasync"/g),
    ];
    expect(names.map(([, name]) => name)).toEqual([
      'createWebhook',
      'listWebhooks',
      'updateWebhook',
      'deleteWebhook',
      'listWebhookDeliveries',
      'deleteWebhookDelivery',
      'executeWebhookDelivery',
      'addWebhookFilter',
      'listWebhookFilters',
      'deleteWebhookFilter',
      'listApis',
      'login',
      'logout',
    ]);
  });

  it('shows each role the parameters it may use', async () => {
    expect([
      await isScoped('Admin'),
      await isScoped('DomainAdmin'),
      await isScoped('User'),
    ]).toEqual([true, true, false]);
  });

  it('names no parameter or field twice, and answers hold the fields it says', async () => {
    const { api: apis } = await byName('Admin', 'createWebhook');
    const fields = apis.flatMap(({ response }) => response.map(({ name }) => name));
    const webhook = await make('Admin', { description: 'd' });
    expect(Object.keys(webhook).filter(name => !fields.includes(name))).toEqual([]);
    const project = await make('Admin', { projectid: 'project' });
    expect(Object.keys(project).filter(name => !fields.includes(name))).toEqual([]);
  });

  it('says that there is no such command', async () => {
    expect(refused(await as('Admin', 'listApis', { name: 'listHosts' }))).toEqual([
      530,
      'listapisresponse',
      530,
      9999,
      'Api Discovery plugin was unable to find an api by that name or process any apis',
    ]);
  });
});
