import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import type { Proven } from '../../src/event/event.ts';
import type { Webhook, WebhookFilter } from '../../src/webhook/webhook.ts';
import { createMatchIndex } from '../../src/match/match-index.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const started: Envelope = { category: 'ActionEvent', event: 'VM.START', account: 'anna' };
const include = (matchType: WebhookFilter['matchType'], value: string) =>
  ({ mode: 'Include', matchType, value }) as const;
const exclude = (matchType: WebhookFilter['matchType'], value: string) =>
  ({ mode: 'Exclude', matchType, value }) as const;

const expression = (value: string) =>
  ({ mode: 'Include', type: 'Expression', matchType: 'Exact', value }) as const;

/** ROOT ─ emea ─ berlin (anna, ben); ROOT ─ apac (chi). */
function indexWith(...webhooks: readonly Partial<Webhook>[]) {
  const index = createMatchIndex();
  index.setDomain({ id: 'berlin', parentId: 'emea' });
  index.setDomain({ id: 'emea', parentId: 'root' });
  index.setDomain({ id: 'apac', parentId: 'root' });
  index.setDomain({ id: 'root' });
  index.setAccount({ id: 'anna', domainId: 'berlin' });
  index.setAccount({ id: 'ben', domainId: 'berlin' });
  index.setAccount({ id: 'chi', domainId: 'apac' });
  webhooks.forEach((fields, at) => index.upsertWebhook(webhookOf({ id: `hook-${at}`, ...fields })));
  return index;
}
const matchedIds = (index: ReturnType<typeof indexWith>, envelope: Envelope, proven: Proven = {}) =>
  index
    .match(envelope, undefined, proven)
    .map(({ id }) => id)
    .toSorted();

describe('scope', () => {
  const index = indexWith(
    { id: 'global' },
    { id: 'annas', scope: 'Local', accountId: 'anna' },
    { id: 'bens', scope: 'Local', accountId: 'ben' },
    { id: 'berlin', scope: 'Domain', domainId: 'berlin' },
    { id: 'emea', scope: 'Domain', domainId: 'emea' },
    { id: 'root', scope: 'Domain', domainId: 'root' },
    { id: 'apac', scope: 'Domain', domainId: 'apac' },
    { id: 'asleep', state: 'Disabled' },
    { id: 'ghosts', scope: 'Local', accountId: 'ghost' },
  );

  it.each([
    ['anna', ['annas', 'berlin', 'emea', 'global', 'root']],
    ['chi', ['apac', 'global', 'root']],
    ['ghost', ['global']],
    [undefined, ['global']],
  ])('lets an event of account %s reach %j', (account, expected) => {
    const envelope = { event: 'VM.START', ...(account !== undefined && { account }) };
    expect(matchedIds(index, envelope)).toEqual(expected);
  });

  const above = ['berlin', 'emea', 'global', 'root'];
  it.each<readonly [string, Partial<Envelope>, Proven, readonly string[]]>([
    ['a proven domain', {}, { provenDomain: 'berlin' }, above],
    ['a proven domain at the top', {}, { provenDomain: 'root' }, ['global', 'root']],
    ['a proven domain that is not in the directory', {}, { provenDomain: 'mars' }, ['global']],
    ['a domain that is told and not proven', { domain: 'berlin' }, {}, ['global']],
    ['a user who is an account', {}, { provenUser: 'anna' }, ['annas', ...above]],
    ['a user who is none', {}, { provenUser: 'ghost' }, ['global']],
    ['a user who is told and not proven', { user: 'anna' }, {}, ['global']],
    [
      'a user who is none, in a proven domain',
      {},
      { provenUser: 'ghost', provenDomain: 'berlin' },
      above,
    ],
    [
      'a user who is an account, in another domain',
      {},
      { provenUser: 'anna', provenDomain: 'apac' },
      ['annas', ...above],
    ],
    [
      'an account, whatever is proven',
      { account: 'chi' },
      { provenUser: 'anna', provenDomain: 'berlin' },
      ['apac', 'global', 'root'],
    ],
    [
      'an account that is not in the directory, in a proven domain',
      { account: 'ghost' },
      { provenDomain: 'berlin' },
      above,
    ],
  ])('lets an event of %s reach whom it concerns', (_, facts, proven, expected) => {
    expect(matchedIds(index, { event: 'identity.x', ...facts }, proven)).toEqual(expected);
  });

  it('forgets a proven domain that is removed from the tree', () => {
    const small = indexWith({ id: 'berlin', scope: 'Domain', domainId: 'berlin' });
    const reached = () => matchedIds(small, { event: 'x' }, { provenDomain: 'berlin' });
    expect(reached()).toEqual(['berlin']);
    small.removeDomain('berlin');
    expect(reached()).toEqual([]);
  });

  it('tells an account it does not know from one it does', () => {
    expect(index.knowsAccount('anna')).toBe(true);
    expect(index.knowsAccount('ghost')).toBe(false);
  });
});

describe('the domain of an envelope', () => {
  const index = indexWith();
  const told = { event: 'e', status: 'Completed', details: { a: 1 } };
  const filled = (facts: Partial<Envelope>, proven: Proven = {}) =>
    JSON.stringify(index.withDomain({ ...told, ...facts }, proven));

  it.each<readonly [string, Partial<Envelope>, Proven, string]>([
    ['is that of its account', { account: 'anna' }, {}, '"account":"anna","domain":"berlin",'],
    ['is that of the user it concerns', {}, { provenUser: 'chi' }, '"domain":"apac",'],
    ['is the one that is proven', {}, { provenDomain: 'emea' }, '"domain":"emea",'],
  ])('%s, and stands where it belongs', (_, facts, proven, expected) => {
    expect(filled(facts, proven)).toBe(
      `{"event":"e",${expected}"status":"Completed","details":{"a":1}}`,
    );
  });

  it('is absent where nobody is known, and stays what the message says', () => {
    expect(index.withDomain(told, { provenDomain: 'mars' })).toBe(told);
    const own = { ...told, account: 'anna', domain: 'Berlin' };
    expect(index.withDomain(own, {})).toBe(own);
  });
});

describe('an event of a project', () => {
  const index = indexWith(
    { id: 'annas', scope: 'Local', accountId: 'anna' },
    { id: 'apac', scope: 'Domain', domainId: 'apac' },
    { id: 'projects', scope: 'Local', accountId: 'project' },
  );
  index.setAccount({ id: 'project', domainId: 'apac' });
  const reached = (facts: Partial<Envelope>) => matchedIds(index, { ...started, ...facts });

  it('is the project’s, although it names the account behind it', () => {
    expect(reached({ account: 'behind', project: 'project' })).toEqual(['apac', 'projects']);
    expect(index.ownerOf({ ...started, account: 'behind', project: 'project' })).toBe('project');
  });

  it('of another cloud than CloudStack is never the project’s in place of an unknown account’s', () => {
    const { category: _, ...foreign } = started;
    expect(matchedIds(index, { ...foreign, account: 'behind', project: 'project' })).toEqual([]);
  });

  it('that names no project is the project’s once the account behind it is known', () => {
    expect(reached({ account: 'behind' })).toEqual([]);
    index.setAccount({ id: 'project', domainId: 'apac', alias: 'behind' });
    expect(index.knowsAccount('behind')).toBe(true);
    expect(reached({ account: 'behind' })).toEqual(['apac', 'projects']);
    index.removeAccount('project');
    expect(reached({ account: 'behind' })).toEqual([]);
  });

  it('the directory lacks is the account’s', () => {
    expect(reached({ account: 'anna', project: 'ghost' })).toEqual(['annas']);
  });
});

describe("Hookline's own events", () => {
  const own = { id: 'own', categories: ['HooklineEvent'] };
  const index = indexWith(
    own,
    { id: 'all', categories: ['*'] },
    { id: 'both', categories: ['*', 'HooklineEvent'] },
    { id: 'itself', categories: ['HooklineEvent'] },
  );
  const envelope = {
    category: 'HooklineEvent',
    event: 'WEBHOOK.FAILING',
    entityuuid: 'itself',
    account: 'anna',
  } as const;

  it('reach webhooks that name their category, and never the one they are about', () => {
    expect(matchedIds(index, envelope)).toEqual(['both', 'own']);
    const explained = [...index.explain({ envelope, body: '{}' })].map(one => [
      one.webhook.id,
      one.matched || one.reason,
    ]);
    expect(explained).toEqual([
      ['own', true],
      ['all', 'category'],
      ['both', true],
      ['itself', 'scope'],
    ]);
  });

  it('are the only ones that reach a webhook that names no other category', () => {
    expect(matchedIds(index, started)).toEqual(['all', 'both']);
  });
});

describe('categories', () => {
  const index = indexWith(
    { id: 'default' },
    { id: 'all', categories: ['*'] },
    { id: 'alerts', categories: ['AlertEvent', 'UsageEvent'] },
    { id: 'none', categories: [] },
  );

  it.each([
    ['ActionEvent', ['all', 'default']],
    ['AlertEvent', ['alerts', 'all']],
    ['AsyncJobEvent', ['all']],
  ] as const)('let an event of category %s reach %j', (category, expected) => {
    expect(matchedIds(index, { ...started, category })).toEqual(expected);
  });

  it('let an event without a category reach every webhook', () => {
    expect(matchedIds(index, { event: 'alarm-transitioned' })).toEqual([
      'alerts',
      'all',
      'default',
      'none',
    ]);
  });
});

describe('filters', () => {
  it.each<[string, boolean, readonly WebhookFilter[]]>([
    ['none', true, []],
    ['Include Exact of the same', true, [include('Exact', 'VM.START')]],
    ['Include Exact of another case', false, [include('Exact', 'vm.start')]],
    ['Include Exact of a part', false, [include('Exact', 'VM')]],
    ['Include Prefix', true, [include('Prefix', 'VM.')]],
    ['Include Prefix of the end', false, [include('Prefix', 'START')]],
    ['Include Suffix', true, [include('Suffix', '.START')]],
    ['Include Suffix of the beginning', false, [include('Suffix', 'VM')]],
    ['Include Contains', true, [include('Contains', 'M.S')]],
    ['Include Contains of something else', false, [include('Contains', 'STOP')]],
    ['one of several Includes', true, [include('Exact', 'VM.STOP'), include('Prefix', 'VM')]],
    ['an Exclude that matches', false, [exclude('Suffix', 'START')]],
    ['an Exclude that does not match', true, [exclude('Exact', 'VM.STOP')]],
    [
      'an Exclude that wins over an Include',
      false,
      [include('Exact', 'VM.START'), exclude('Contains', 'VM')],
    ],
    [
      'an Exclude that does not match beside an Include that does not',
      false,
      [exclude('Exact', 'VM.STOP'), include('Prefix', 'VOLUME')],
    ],
  ])('%s: VM.START passes is %s', (_, passes, filters) => {
    expect(matchedIds(indexWith({ filters }), started)).toEqual(passes ? ['hook-0'] : []);
  });

  it('refuses a match type it does not know', () => {
    const filter = JSON.parse('{"mode":"Include","matchType":"Regex","value":"."}');
    expect(() => indexWith({ filters: [filter] })).toThrow(RangeError);
  });
});

describe('a change', () => {
  it('of scope or state takes a webhook from where it was', () => {
    const index = indexWith({ id: 'a', scope: 'Local', accountId: 'anna' });
    index.upsertWebhook(webhookOf({ id: 'a', scope: 'Domain', domainId: 'apac' }));
    expect(matchedIds(index, started)).toEqual([]);
    expect(matchedIds(index, { ...started, account: 'chi' })).toEqual(['a']);
    index.upsertWebhook(webhookOf({ id: 'a', state: 'Disabled' }));
    expect(matchedIds(index, { ...started, account: 'chi' })).toEqual([]);
    expect(index.webhook('a')?.state).toBe('Disabled');
    index.removeWebhook('a');
    index.removeWebhook('a');
    expect(index.webhook('a')).toBeUndefined();
  });

  it('of the tree moves all accounts below', () => {
    const index = indexWith({ id: 'emea', scope: 'Domain', domainId: 'emea' });
    expect(matchedIds(index, started)).toEqual(['emea']);
    index.setDomain({ id: 'berlin', parentId: 'apac' });
    expect(matchedIds(index, started)).toEqual([]);
    index.setDomain({ id: 'apac', parentId: 'emea' });
    expect(matchedIds(index, started)).toEqual(['emea']);
    index.removeDomain('apac');
    expect(matchedIds(index, started)).toEqual([]);
  });

  it('of an account moves it, and its removal makes it unknown', () => {
    const index = indexWith({ id: 'apac', scope: 'Domain', domainId: 'apac' });
    index.setAccount({ id: 'anna', domainId: 'apac' });
    expect(matchedIds(index, started)).toEqual(['apac']);
    index.removeAccount('anna');
    expect(matchedIds(index, started)).toEqual([]);
    expect(index.knowsAccount('anna')).toBe(false);
  });

  it('that makes the tree a ring for a moment matches each webhook once', () => {
    const index = indexWith({ id: 'emea', scope: 'Domain', domainId: 'emea' });
    index.setDomain({ id: 'emea', parentId: 'berlin' });
    expect(matchedIds(index, started)).toEqual(['emea']);
  });
});

describe('explain', () => {
  const index = indexWith(
    { id: 'global' },
    { id: 'asleep', state: 'Disabled' },
    { id: 'orphan', state: 'Disabled', ownerGone: true, accountId: 'a' },
    { id: 'bens', scope: 'Local', accountId: 'ben' },
    { id: 'apac', scope: 'Domain', domainId: 'apac' },
    { id: 'alerts', categories: ['AlertEvent'] },
    { id: 'not-vms', filters: [exclude('Prefix', 'VM.')] },
    { id: 'volumes', filters: [include('Prefix', 'VOLUME.'), include('Exact', 'SNAPSHOT.CREATE')] },
  );
  const explained = (envelope: Envelope, proven: Proven = {}, webhooks?: readonly Webhook[]) => [
    ...index.explain({ envelope, body: JSON.stringify(envelope), ...proven }, webhooks),
  ];
  const reasons = (...[envelope, proven, webhooks]: Parameters<typeof explained>) =>
    explained(envelope, proven, webhooks).map(({ webhook, matched, reason, detail }) =>
      matched ? [webhook.id] : [webhook.id, reason, detail],
    );

  it('says of every webhook why it gets the event or not', () => {
    expect(reasons(started)).toEqual([
      ['global'],
      ['asleep', 'state', 'the webhook is Disabled'],
      ['orphan', 'state', 'its owner, account a, is gone from the cloud'],
      ['bens', 'scope', 'Local covers account ben; the event belongs to account anna'],
      ['apac', 'scope', 'Domain covers domain apac and below; the event belongs to domain berlin'],
      ['alerts', 'category', 'its category is ActionEvent; wanted: AlertEvent'],
      ['not-vms', 'filter', 'VM.START is excluded by the filter Prefix "VM."'],
      [
        'volumes',
        'filter',
        'VM.START matches no Include filter: Prefix "VOLUME.", Exact "SNAPSHOT.CREATE"',
      ],
    ]);
  });

  it('says when the directory knows nobody whom an event concerns, of the webhooks it is asked about', () => {
    const bens = index.webhook('bens');
    const asked = bens === undefined ? [] : [bens];
    const why = (facts: Partial<Envelope>, proven: Proven = {}) =>
      reasons({ event: 'ALERT.MEMORY', ...facts }, proven, asked)[0]?.at(-1);
    expect(why({})).toBe('the event names no account, so only Global webhooks get it');
    expect(why({ domain: 'berlin' })).toBe(
      'the event names no account, and nothing proves that it concerns domain berlin, so only Global webhooks get it',
    );
    expect(why({ account: 'ghost' })).toBe(
      'account ghost is not in the directory, so only Global webhooks get its events',
    );
    expect(why({}, { provenDomain: 'mars' })).toBe(
      'domain mars is not in the directory, so only Global webhooks get its events',
    );
    expect(why({ account: 'ghost' }, { provenUser: 'casper', provenDomain: 'mars' })).toBe(
      'account ghost and user casper and domain mars are not in the directory, so only Global webhooks get its events',
    );
  });

  it.each<readonly [string, Partial<Envelope>, Proven, readonly (string | undefined)[]]>([
    ['everybody', {}, {}, ['global', 'Global covers every event']],
    [
      'an account',
      { account: 'ben' },
      {},
      ['account', 'Local covers account ben; the event belongs to account ben'],
    ],
    [
      'an account’s domain',
      { account: 'chi' },
      {},
      ['account_domain', 'Domain covers domain apac and below; the event belongs to domain apac'],
    ],
    [
      'a user',
      {},
      { provenUser: 'ben' },
      ['user', 'Local covers account ben; the event concerns user ben'],
    ],
    [
      'a user’s domain',
      {},
      { provenUser: 'chi' },
      [
        'user_domain',
        'Domain covers domain apac and below; the event concerns user chi of domain apac',
      ],
    ],
    [
      'a proven domain',
      {},
      { provenDomain: 'apac' },
      [
        'proven_domain',
        'Domain covers domain apac and below; the event concerns domain apac, as its message proves',
      ],
    ],
    [
      'another domain than the proven one',
      {},
      { provenDomain: 'emea' },
      [
        undefined,
        'Domain covers domain apac and below; the event concerns domain emea, as its message proves',
      ],
    ],
    [
      'a domain and no account',
      {},
      { provenDomain: 'apac' },
      [undefined, 'Local covers account ben; the event concerns domain apac, and no account'],
    ],
    [
      'another user',
      {},
      { provenUser: 'chi' },
      [undefined, 'Local covers account ben; the event concerns user chi'],
    ],
  ])('says by which rule a webhook of %s is covered or not', (_, facts, proven, expected) => {
    const told = explained({ event: 'x', ...facts }, proven);
    expect(told.map(({ coveredBy, detail }) => [coveredBy, detail])).toContainEqual(expected);
  });

  it('says the rule of a webhook that is covered and does not want the event, too', () => {
    const [told] = explained(started).filter(({ webhook }) => webhook.id === 'not-vms');
    expect(told).toMatchObject({ coveredBy: 'global', matched: false, reason: 'filter' });
  });

  it('says when an expression was not asked, because those before it had cost too much', () => {
    const dear = Array.from({ length: 10 }, (_, at) => ({
      id: `dear-${at}`,
      accountId: 'anna',
      filters: [expression(`$uppercase(original.t) = "${at}"`)],
    }));
    const cheap = { id: 'cheap', accountId: 'anna', filters: [expression('event = "VM.START"')] };
    const body = JSON.stringify({ t: 'x'.repeat(60_000) });
    const alone = indexWith(cheap);
    expect(alone.match(started, body).map(({ id }) => id)).toEqual(['cheap']);
    expect([...alone.explain({ envelope: started, body })]).toMatchObject([{ matched: true }]);
    const crowded = indexWith(...dear, cheap);
    expect(crowded.match(started, body)).toEqual([]);
    const last = [...crowded.explain({ envelope: started, body })].at(-1);
    expect(last).toMatchObject({
      webhook: { id: 'cheap' },
      matched: false,
      reason: 'filter',
      detail: expect.stringContaining('used up the steps'),
    });
  });
});
