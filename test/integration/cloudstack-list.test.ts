import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Params, Sent } from './cloudstack-harness.ts';
import { openCloudstackWorld, refused } from './cloudstack-world.ts';
import type { CloudstackWorld, Role, Webhook } from './cloudstack-world.ts';

let world: CloudstackWorld;
beforeAll(async () => {
  world = await openCloudstackWorld();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.run('delete from webhook'));

const as: CloudstackWorld['as'] = async (...asked) => world.as(...asked);
const make: CloudstackWorld['make'] = async (...wanted) => world.make(...wanted);

const namesIn = ({ fields }: Sent): string[] => {
  const rows: unknown = fields.webhook ?? [];
  if (!Array.isArray(rows)) throw new RangeError('no list');
  return rows.map(({ name }: Webhook) => name);
};

const everybodys = async (): Promise<void> => {
  await make('Admin', { name: 'admin', scope: 'Global' });
  for (const name of ['own', 'peer'])
    await make('Admin', { name, account: name, domainid: 'home' });
  await make('Admin', { name: 'sub', account: 'sub', domainid: 'sub' });
  await make('Admin', { name: 'foreign', account: 'foreign', domainid: 'foreign' });
  await make('Admin', { name: 'project', projectid: 'project' });
};

const unknown = (id: string): string =>
  `Unable to execute API command listwebhooks due to invalid value. Invalid parameter domainid value=${id} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`;

const found = async (params: Params): Promise<string[]> =>
  namesIn(await as('Admin', 'listWebhooks', params));

describe('listWebhooks', () => {
  it('of who asks, unless it is asked for more: by account, domain, project or all', async () => {
    await everybodys();
    const cases: [Role, Params, string[]][] = [
      ['Admin', {}, ['admin']],
      ['Admin', { listall: 'true' }, ['admin', 'own', 'peer', 'sub', 'foreign']],
      [
        'Admin',
        { listall: 'true', projectid: '-1' },
        ['admin', 'own', 'peer', 'sub', 'foreign', 'project'],
      ],
      ['Admin', { projectid: '-1' }, ['project']],
      ['Admin', { projectid: 'project' }, ['project']],
      ['Admin', { domainid: 'home' }, ['own', 'peer']],
      ['Admin', { domainid: 'home', isrecursive: 'true' }, ['own', 'peer', 'sub']],
      ['Admin', { domainid: 'home', account: 'peer' }, ['peer']],
      ['Admin', { account: 'admin' }, ['admin']],
      ['DomainAdmin', {}, ['own']],
      ['DomainAdmin', { listall: 'true' }, ['own', 'peer', 'sub']],
      ['DomainAdmin', { domainid: 'sub' }, ['sub']],
      ['DomainAdmin', { projectid: '-1' }, ['project']],
      ['DomainAdmin', { account: 'peer' }, ['peer']],
      ['User', {}, ['own']],
      ['User', { listall: 'true' }, ['own']],
      ['User', { domainid: 'home', isrecursive: 'true' }, ['own']],
      ['User', { projectid: '-1' }, []],
    ];
    for (const [role, params, names] of cases) {
      const listed = await as(role, 'listWebhooks', params);
      expect([role, params, namesIn(listed)]).toEqual([role, params, names]);
      expect(listed.fields.count ?? 0).toBe(names.length);
    }
  });

  it('is refused for whom there is not, or who is out of reach', async () => {
    const cases: [Role, Params, number, string][] = [
      ['Admin', { domainid: 'none' }, 9999, unknown('none')],
      ['DomainAdmin', { domainid: 'foreign' }, 9999, unknown('foreign')],
      ['User', { domainid: 'sub' }, 9999, unknown('sub')],
      ['User', { account: 'peer' }, 4350, 'could not find account peer in domain home'],
      [
        'DomainAdmin',
        { account: 'foreign' },
        4350,
        'could not find account foreign in domain home',
      ],
      ['User', { projectid: 'project' }, 4350, 'Unable to find project by id project'],
      [
        'Admin',
        { account: 'own', projectid: 'project' },
        4350,
        "Account and projectId can't be specified together",
      ],
      ['DomainAdmin', { scope: 'Global' }, 4350, 'Scope Global can not be specified'],
      ['Admin', { scope: 'x' }, 4350, 'Invalid scope specified'],
      ['Admin', { state: 'x' }, 4350, 'Invalid state specified'],
    ];
    for (const [role, params, csErrorCode, text] of cases) {
      const answer = await as(role, 'listWebhooks', params);
      expect(refused(answer)).toEqual([431, 'listwebhooksresponse', 431, csErrorCode, text]);
    }
  });

  it('finds by id, name, keyword, state and scope', async () => {
    const { id } = await make('Admin', { name: 'Alpha 100%', scope: 'Global' });
    await make('Admin', { name: 'alphabet', state: 'Disabled' });
    await make('Admin', { name: 'beta' });
    expect(await found({ id })).toEqual(['Alpha 100%']);
    expect(await found({ id: id.toUpperCase() })).toEqual(['Alpha 100%']);
    expect(await found({ id: '00000000-0000-4000-8000-000000000000' })).toEqual([]);
    expect(await found({ name: 'alphabet' })).toEqual(['alphabet']);
    expect(await found({ name: 'alpha' })).toEqual([]);
    expect(await found({ keyword: 'ALPHA' })).toEqual(['Alpha 100%', 'alphabet']);
    expect(await found({ keyword: '100%' })).toEqual(['Alpha 100%']);
    expect(await found({ keyword: '_' })).toEqual([]);
    expect(await found({ state: 'disabled' })).toEqual(['alphabet']);
    expect(await found({ scope: 'local' })).toEqual(['alphabet', 'beta']);
  });

  it('shows who may see it a webhook that is asked for by its id, listall or not', async () => {
    const { id } = await make('Admin', { account: 'sub', domainid: 'sub', name: 'sub' });
    expect(namesIn(await as('DomainAdmin', 'listWebhooks', { id }))).toEqual(['sub']);
    expect(namesIn(await as('User', 'listWebhooks', { id }))).toEqual([]);
  });

  it('comes in pages that have the count of all', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await make('User', { name });
    const page = async (number: string): Promise<readonly unknown[]> => {
      const listed = await as('User', 'listWebhooks', { page: number, pagesize: '2' });
      return [listed.fields.count, namesIn(listed)];
    };
    expect(await page('1')).toEqual([5, ['a', 'b']]);
    expect(await page('3')).toEqual([5, ['e']]);
    expect(await page('4')).toEqual([5, []]);
    const beyond = await as('User', 'listWebhooks', { page: '4', pagesize: '2' });
    expect(beyond.text).toBe('{"listwebhooksresponse":{"count":5}}');
    const none = await as('User', 'listWebhooks', { page: '1', pagesize: '0' });
    expect(none.text).toBe('{"listwebhooksresponse":{"count":5}}');
  });
});
