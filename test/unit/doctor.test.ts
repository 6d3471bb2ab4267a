import { describe, expect, it } from 'vitest';

import type { DirectoryConfig } from '../../src/config/directory/directory.ts';
import { judgeDatabase } from '../../src/doctor/database.ts';
import { judgeCloud, judgeSnapshot } from '../../src/doctor/directory.ts';
import { examine, inWords } from '../../src/doctor/examine.ts';
import { hintFor } from '../../src/doctor/hint.ts';
import { judgeRabbitmq } from '../../src/doctor/rabbitmq.ts';
import { judgeKafka, judgeLost } from '../../src/doctor/source.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { RabbitmqView } from '../../src/source/rabbitmq/rabbitmq-inspect.ts';
import type { DatabaseView } from '../../src/store/inspect.ts';
import type { DirectoryStatus } from '../../src/store/directory/sync-state.ts';

const own = {
  schema: 'public',
  migrated: 'public',
  mayCreate: true,
  user: 'hk',
  database: 'hookline',
  searchPath: 'public',
  remedy: 'create schema …',
};
const view: DatabaseView = {
  version: '16.4',
  versionNumber: 160_004,
  isStandby: false,
  own,
  replication: { standbys: 0, isSynchronous: false, commit: 'on' },
  connectionsMax: 97,
  skewMs: 0,
  roundTripMs: 4,
  pending: [],
  unknown: [],
};
const worst = (facts: Partial<DatabaseView>, connections = 11) =>
  judgeDatabase({ ...view, ...facts }, { migrates: true, connections })
    .filter(({ state }) => state !== 'ok')
    .map(({ state, found }) => `${state} ${found}`);

describe('the doctor of the database', () => {
  it.each([
    [{}, []],
    [{ versionNumber: 139_999, version: '13.9' }, ['fail PostgreSQL 13.9 answers in 4 ms']],
    [
      { isStandby: true, own: { ...own, mayCreate: false } },
      ['fail the server is a standby, which is read-only'],
    ],
    [
      { own: { ...own, mayCreate: false } },
      ['fail the user hk may not create tables in the schema public'],
    ],
    [
      { own: { ...own, schema: 'hk', searchPath: 'hk, public' } },
      [
        'fail search_path is hk, public: tables would be created in the schema hk, but there is a table "migration" in public',
      ],
    ],
    [
      { own: { ...own, schema: null, migrated: null, mayCreate: false } },
      ['fail the user hk may not create tables in any schema of search_path'],
    ],
    [
      { unknown: ['Migration0099'] },
      ['fail the schema belongs to a newer Hookline (Migration0099)'],
    ],
    [{ replication: { standbys: 2, isSynchronous: true, commit: 'remote_apply' } }, []],
    [
      { replication: { standbys: 1, isSynchronous: false, commit: 'on' } },
      ['warn 1 standby, only asynchronous: a failover loses what was recorded within the lag'],
    ],
    [
      { replication: { standbys: 2, isSynchronous: false, commit: 'local' } },
      [
        'warn 2 standbys, but synchronous_commit is local: a failover loses what was recorded within the lag',
      ],
    ],
    [
      { replication: { standbys: 1, isSynchronous: false, commit: 'off' } },
      [
        'warn synchronous_commit is off: a crash of PostgreSQL loses what was recorded in the last moments before it',
      ],
    ],
    [{ skewMs: -1_999 }, []],
    [{ skewMs: 3_000, roundTripMs: 3_000 }, []],
    [{ skewMs: -5_002 }, ['warn its clock is 5.0 s behind the local one']],
    [{ skewMs: 90_002 }, ['fail its clock is 90.0 s ahead of the local one']],
    [
      { connectionsMax: 10 },
      ['warn the server allows 10 connections, and this process may open 11'],
    ],
  ])('finds in %j: %j', (facts, expected) => {
    expect(worst(facts)).toEqual(expected);
  });
});

describe('the doctor of sources', () => {
  const seen: RabbitmqView = { exchanges: [], queues: [], refused: [], warnings: [] };

  it('warns where some of the exchanges are missing, fails where all are, and has nothing against it where they are declared', () => {
    const declare = { type: 'topic', durable: false, autoDelete: false };
    const look = (missing: readonly string[], config: Parameters<typeof judgeRabbitmq>[1] = {}) => {
      const exchanges = ['a', 'b'].map(name =>
        missing.includes(name) ? { name, missing: `no ${name}` } : { name, flags: declare },
      );
      const [found] = judgeRabbitmq({ ...seen, exchanges }, config);
      return `${found?.state} ${found?.found}`;
    };
    expect([look([]), look(['a']), look(['a', 'b']), look(['a', 'b'], { declare })]).toEqual([
      'ok connected; found exchange a (topic, not durable), b (topic, not durable)',
      'warn connected; found exchange b (topic, not durable); no a',
      'fail connected; no a; no b',
      'ok connected; no a; no b',
    ]);
  });

  it.each(['configure', 'write', 'read'] as const)(
    'says which permission is missing, on what: %s',
    permission => {
      const words = "access to queue 'hookline' refused for user 'u'";
      const refused = [{ permission, object: 'hookline', words }];
      const queues = [{ name: 'hookline' }];
      const found = judgeRabbitmq({ ...seen, queues, refused }, {});
      expect(found.map(({ state }) => state)).toEqual(['fail', 'fail']);
      expect(found[0]).toMatchObject({ found: words });
      expect(found[0]?.hint).toContain(`the permission ${permission} on hookline`);
    },
  );

  it('fails for partitions without a leader and groups that may not be read', () => {
    const found = judgeKafka(
      {
        brokers: 3,
        topics: { present: ['t'], missing: [] },
        partitions: 2,
        leaderless: ['t/1'],
        group: undefined,
        refused: ['Not authorized to access group: Group authorization failed'],
      },
      { groupId: 'g' },
    );
    expect(found.map(({ state }) => state)).toEqual(['ok', 'fail', 'fail']);
    expect(found[2]?.hint).toContain('ACL operation Read');
  });
});

describe('the doctor of a Kafka source', () => {
  const kafkaView = {
    brokers: 1,
    topics: { present: ['t'], missing: [] },
    partitions: 1,
    leaderless: [],
    refused: [],
  };

  it('says how many messages are to be read, and how many of them a transaction holds back', () => {
    const group = { state: 'Stable', members: 2, lag: 7, heldBack: 3 };
    expect(judgeKafka({ ...kafkaView, group }, { groupId: 'g' }).at(-1)).toEqual({
      state: 'ok',
      found:
        'group g has 2 members, 7 messages to read (3 behind an open transaction of a producer)',
    });
  });

  it('warns of messages that were deleted unread, and of none otherwise', () => {
    const stored = { history: 'h', positions: [] };
    expect(judgeLost({ ...stored, lost: 0n })).toEqual([]);
    expect(judgeLost({ ...stored, lost: 7n, lostAt: '2026-11-30T20:00:00.000Z' })).toMatchObject([
      {
        state: 'warn',
        found:
          '7 messages were deleted from the topics before being read, last noticed at 2026-11-30T20:00:00.000Z',
      },
    ]);
  });

  it('counts them in a metric, by source', async () => {
    const metrics = createMetrics();
    metrics.lost('kafka', 7);
    expect(await metrics.registry.metrics()).toContain(
      'hookline_source_lost_total{source="kafka"} 7',
    );
  });
});

describe('the doctor of the directory', () => {
  const config: DirectoryConfig = {
    kind: 'cloudstack',
    url: 'http://cloud',
    apiKey: 'a',
    secretKey: 's',
    refreshMs: 60_000,
    timeoutMs: 1_000,
    pageSize: 500,
    lookUpWaitMs: 1_000,
    unknownMs: 1_000,
  };
  const status: DirectoryStatus = {
    kind: 'cloudstack',
    nextAt: '',
    attemptedAt: '',
    syncedAt: '',
    ageSeconds: 59,
    error: null,
    failures: 0,
    isWhole: true,
    domains: 2,
    accounts: 3,
    localRows: 0,
    removalsHeld: 0,
  };

  it('warns when the snapshot is old, or the last try failed', () => {
    expect(judgeSnapshot(config, status).state).toBe('ok');
    expect(judgeSnapshot(config, { ...status, ageSeconds: 181 }).found).toContain('longer than');
    expect(judgeSnapshot(config, { ...status, error: 'down' }).found).toContain('failed: down');
  });

  it('warns when the key sees a part only', () => {
    const found = judgeCloud(config, { seen: '3 accounts', lacking: 'the root domain' });
    expect(found).toMatchObject({ state: 'warn' });
  });
});

describe('an error', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:9'), { code: 'ECONNREFUSED' });
  const aggregate = new AggregateError([refused, refused]);

  it('is put in words, whatever it is wrapped in', () => {
    expect(inWords(aggregate)).toBe('connect ECONNREFUSED ::1:9');
    expect(inWords(new Error('Kafka', { cause: aggregate }))).toBe(
      'Kafka: connect ECONNREFUSED ::1:9',
    );
    expect(inWords(new Error('first\nsecond'))).toBe('first');
    expect(inWords('text')).toBe('text');
  });

  it.each([
    [aggregate, 'Nothing listens there'],
    [new Error('x', { cause: Object.assign(new Error('y'), { code: '3D000' }) }), 'create it'],
    [new Error('SASL PLAIN authentication failed'), 'sasl.mechanism'],
    [new Error('unable to verify: UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'not trusted'],
    [new Error('no answer within 30 s'), 'firewall'],
  ])('has a hint: %s', (error, hint) => {
    expect(hintFor(error)).toContain(hint);
  });

  it('has none that would be a guess', () => {
    expect(hintFor(new Error('something else'))).toBeUndefined();
  });

  it('is a finding where it was thrown', async () => {
    const found = await examine('x', async () => {
      throw refused;
    });
    expect(found).toEqual([
      { check: 'x', state: 'fail', found: refused.message, hint: expect.stringContaining('up') },
    ]);
  });
});
