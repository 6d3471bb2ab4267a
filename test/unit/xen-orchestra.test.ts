/** Xen Orchestra's calls as xo-server 5.207.2 told them, and what of them is an event, whose, and under which name. */
import { describe, expect, it } from 'vitest';

import type { NormalizedEvent } from '../../src/normalize/normalized-event.ts';
import type { MappingRules } from '../../src/normalize/mapping.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { readRecordings } from '../fixtures/recorded.ts';
import { readEvents } from '../fixtures/read-events.ts';

const recordings = readRecordings('xen-orchestra').map(({ body }) => body);
const read = (body: unknown, mapping: MappingRules = {}, showPayload = false) =>
  readEvents('xen-orchestra', { now: () => nowMs, mapping, showPayload })(
    messageFrom({ body: JSON.stringify(body) }),
  );
const find = (method: string, type: string) =>
  recordings.find(body => body['method'] === method && body['type'] === type);
const eventOf = (method: string, type = 'post'): NormalizedEvent | undefined =>
  read(find(method, type))[0];

const user = '59ba243b-59e0-4e25-8878-5523a0c63eed';
const vm = '67aac198-1ee4-5d1d-8f3c-2b3c4d5e6f70';
const secrets =
  /rS53wAo5BaG|wx8KWVqDr|CloudPw|Cc-Pw|Drive-Pw|Smb-Word|Word-8|Pr0xyPw|Opt-Pw|Plug-|sender-token|123456|p@ss/;

describe('the recorded calls of Xen Orchestra', () => {
  const calls = recordings.filter(body => body['callId'] !== '0' && 'callId' in body);
  const events = calls.flatMap(body => read(body, {}, true));

  it('become an event each, but for the backup that was asked for and told again as it ran', () => {
    expect(calls.length - events.length).toBe(1);
    const named = events.map(({ key }) => key);
    expect(new Set(named).size).toBe(named.length);
  });

  it('show none of the secrets in them, even with their payload', () => {
    expect(JSON.stringify(calls)).toMatch(secrets);
    expect(JSON.stringify(events)).not.toMatch(secrets);
    expect(JSON.stringify(events)).toContain('http://proxyuser:***@127.0.0.1:3128');
  });

  it('belong to no account by themselves', () => {
    expect(events.filter(({ envelope }) => 'account' in envelope || 'domain' in envelope)).toEqual(
      [],
    );
  });
});

describe("the plugin's button Test", () => {
  it('makes no event, because nobody made that call', () => {
    const tried = recordings.filter(body => body['callId'] === '0');
    expect(tried).toHaveLength(1);
    expect(tried.flatMap(body => read(body))).toEqual([]);
  });
});

describe('a run of a backup', () => {
  const run = recordings.filter(body => body['method'] === 'backupNg.runJob');

  it('is told once, by the pair that is there however it was started', () => {
    expect(run).toHaveLength(2);
    const events = run.flatMap(body => read(body));
    expect(events.map(({ key }) => key)).toEqual(['5ut4g1tc6s2:post']);
    expect(events[0]?.envelope).toMatchObject({
      user: 'admin@admin.net',
      status: 'Failed',
      entityuuid: '6e29977c-43ac-47a2-9315-bc8076f02178',
    });
  });

  it.each([
    ['asked for, before it runs', { type: 'pre' }, 0],
    ['asked for, when it is over', { type: 'post', result: true }, 0],
    ['asked for with settings of its own', { type: 'pre', settings: {} }, 0],
    ['that failed', { type: 'post', error: { message: 'x', code: 'SR_FULL' } }, 0],
    ['that was refused, of which nothing else is told', { type: 'post', error: { code: 2 } }, 1],
    [
      'that runs already, so that nothing else is told',
      { type: 'post', error: { message: 'the job (j) is already running', name: 'Error' } },
      1,
    ],
    ['by schedule', { type: 'post', userIp: undefined, settings: {} }, 1],
  ])('%s', (_, { settings, ...facts }: Record<string, unknown>, count) => {
    const params = { id: vm, schedule: 's', settings };
    const call = { callId: 'c', userIp: '192.0.2.1', method: 'backupNg.runJob', params, ...facts };
    expect(read(call)).toHaveLength(count);
  });
});

describe('the facts of a call', () => {
  it.each([
    ['backupNg.createJob', '80ceb94c-1213-459c-895c-ce58d5c13f78'],
    ['server.add', '60a9872c-eaa6-4608-baad-a6e3bc6c233a'],
    ['remote.create', 'e1506012-49a6-40f2-8a8f-297b2d68623f'],
    ['cloudConfig.create', '7988841f-342a-46ac-b3e4-e39cccc19ffc'],
    ['schedule.create', 'e824583f-f414-477d-8815-6c7fb3f208d2'],
    ['user.create', 'a393a431-294f-40ae-82e4-dc78d9577682'],
    ['vm.start', vm],
    ['token.create', undefined],
    ['token.set', undefined],
    ['session.getUser', undefined],
  ])('%s is about what was made, or named: %s', (method, id) => {
    const { envelope } = eventOf(method) ?? {};
    expect(envelope?.event).toBe(method);
    expect(envelope?.entityuuid).toBe(id);
  });

  it('keep the id of what was made of something beside the id of that', () => {
    const call = {
      callId: 'c',
      method: 'vm.snapshot',
      params: { id: vm },
      type: 'post',
      result: user,
    };
    const [event] = read(call);
    expect(event?.envelope.entityuuid).toBe(vm);
    expect(event?.envelope.details?.['resultId']).toBe(user);
  });

  it.each([
    ['resourceSet.create', { id: 'x8-_fBq0Z1k', name: 'dev' }, 'x8-_fBq0Z1k'],
    ['ipPool.create', 'x8-_fBq0Z1k', 'x8-_fBq0Z1k'],
    ['proxy.register', user, user],
    ['token.create', 'x8-_fBq0Z1k', undefined],
    ['user.create', 'rS53wAo5BaGMaO05U8n-nPfR9e2MRFkgoaSJVn-529s', undefined],
    ['vm.start', 'x8-_fBq0Z1k', undefined],
  ])('have the id of what %s made: %j', (method, result, id) => {
    const [event] = read({ callId: 'c', method, params: {}, type: 'post', result });
    expect(event?.envelope.entityuuid).toBe(id);
  });

  it.each([
    ['user.changePassword', '3'],
    ['vm.start', '1'],
  ])("have the number of Xen Orchestra's own error: %s", (method, code) => {
    expect(eventOf(method)?.envelope).toMatchObject({
      status: 'Failed',
      details: { errorCode: code },
    });
  });

  it('keep lists of plain values, also empty ones, and no others', () => {
    expect(eventOf('group.setUsers')?.envelope.details?.['params']).toEqual({
      id: 'c884d5bf-4092-478c-ac55-0522c25fb1ee',
      userIds: ['a393a431-294f-40ae-82e4-dc78d9577682'],
    });
    const params = { a: [], b: [{ c: 1 }], d: ['password=hush', 7, true] };
    const [event] = read({ callId: 'c', method: 'm.n', params, type: 'pre' });
    expect(event?.envelope.details?.['params']).toEqual({ a: [], d: ['password=***', 7, true] });
  });
});

describe('an account that a mapping finds', () => {
  const call = {
    callId: 'c',
    userId: user,
    userName: 'eve@example.org',
    method: 'vm.start',
    params: { id: vm, tag: 'acme' },
    timestamp: 1,
  };
  const byParams: MappingRules = { account: `$lookup({ "${vm}": "acme" }, params.id)` };
  const byUser: MappingRules = { account: `$lookup({ "eve@example.org": "evil" }, userName)` };
  const accountOf = (facts: object, mapping: MappingRules) =>
    read({ ...call, ...facts }, mapping)[0]?.envelope.account;

  it.each([
    ['before the call, when nobody has asked yet whether they may', { type: 'pre' }, undefined],
    [
      'of a call that was refused for lack of permission',
      { type: 'post', error: { code: 2 } },
      undefined,
    ],
    ['of a call about nothing that exists', { type: 'post', error: { code: 1 } }, undefined],
    [
      'of a call that failed in the hypervisor',
      { type: 'post', error: { code: 'VM_BAD_POWER_STATE', name: 'XapiError' } },
      'acme',
    ],
    ['of a call that succeeded', { type: 'post', result: true }, 'acme'],
    [
      'of a call with `id` and `id?`, which fails before anybody asks',
      { type: 'post', error: { name: 'Error', message: 'no such parameters' } },
      undefined,
    ],
    [
      'of a call that failed somewhere else',
      { type: 'post', error: { code: 'ECONNRESET' } },
      undefined,
    ],
    ['of a call that takes any parameters', { type: 'post', method: 'vm.getHaValues' }, undefined],
    ['of a list', { type: 'post', method: 'proxy.getAll' }, undefined],
    ["of a stranger's question", { type: 'post', method: 'system.getVersion' }, undefined],
    ['of the session', { type: 'post', method: 'session.signOut' }, undefined],
    ['of a report', { type: 'post', method: 'plugin.usageReport.send' }, undefined],
    ['of a directory', { type: 'post', method: 'ldap.synchronizeGroups' }, undefined],
    ['of an inventory', { type: 'post', method: 'netbox.synchronize' }, undefined],
    ['of a foreign machine', { type: 'post', method: 'vm.importFromEsxi' }, undefined],
    ['of foreign machines', { type: 'post', method: 'vm.importMultipleFromEsxi' }, undefined],
    ['of a file', { type: 'post', method: 'vm.import' }, 'acme'],
  ])(
    'in what the caller wrote counts only once the call was let through: %s',
    (_, facts, account) => {
      expect(accountOf(facts, byParams)).toBe(account);
    },
  );

  it.each(['/params/tag', 'error.data.tag', '$.params.*[1]'])(
    'counts in no part of a call that was refused: %s',
    account => {
      const error = { code: 2, data: { tag: 'acme' } };
      expect(accountOf({ type: 'post', error }, { account })).toBeUndefined();
      expect(accountOf({ type: 'pre', error }, { account })).toBeUndefined();
    },
  );

  it('proves a domain by the same rule', () => {
    const byTag: MappingRules = { domain: '/params/tag' };
    expect(read({ ...call, type: 'pre' }, byTag)[0]).not.toHaveProperty('provenDomain');
    expect(read({ ...call, type: 'post' }, byTag)[0]?.provenDomain).toBe('acme');
    const byCaller: MappingRules = { domain: '/userName' };
    expect(read({ ...call, type: 'pre' }, byCaller)[0]?.provenDomain).toBe('eve@example.org');
  });

  it.each([{ type: 'pre' }, { type: 'post', error: { code: 2 } }, { type: 'post', result: true }])(
    'by who called counts always: %j',
    facts => expect(accountOf(facts, byUser)).toBe('evil'),
  );
});

describe('the button "Test" of the plugin', () => {
  const call = { callId: '0', userId: 'b4758e6b', userName: 'admin@admin.net', method: 'vm.start' };

  it.each([
    ['its message before the call', { ...call, type: 'pre', timestamp: 0 }],
    [
      'its message after the call',
      { ...call, type: 'post', timestamp: 500, duration: 500, result: true },
    ],
    ['one with parameters', { ...call, type: 'pre', timestamp: 0, params: { id: 'vm-1' } }],
  ])('makes no event of 1970: %s', (_, body) => {
    const normalize = readEvents('xen-orchestra', { now: () => nowMs });
    expect(normalize(messageFrom({ body: JSON.stringify(body) }))).toEqual([]);
  });
});
