import type { Batch, KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';

import { atMost, createBackoff, delay, unlessAborted } from '../../src/event/wait.ts';
import { createWakeup } from '../../src/source/wakeup.ts';
import { explain } from '../../src/source/explain.ts';
import { chunksOf } from '../../src/source/kafkajs/kafka-batch.ts';
import { createCommitter, type MarkedOffsets } from '../../src/source/kafkajs/kafka-committer.ts';
import { createMembership } from '../../src/source/kafkajs/kafka-membership.ts';
import { matchTopics, parseTopic } from '../../src/source/kafka/kafka-topics.ts';
import { createStatusBoard } from '../../src/source/status.ts';
import { captureLog } from '../conformance/source-log.ts';

describe('back-off', () => {
  it('doubles up to its bound, and begins anew after a reset', () => {
    const backoff = createBackoff({ baseMs: 250, maxMs: 2000 }, () => 1);
    const waits = Array.from({ length: 5 }, () => backoff.nextMs());
    backoff.reset();
    expect([...waits, backoff.nextMs()]).toEqual([250, 500, 1000, 2000, 2000, 250]);
  });

  it('ends a delay when the signal aborts', async () => {
    const controller = new AbortController();
    const waiting = delay(3_600_000, controller.signal);
    controller.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(delay(3_600_000, controller.signal)).resolves.toBeUndefined();
  });

  it('abandons work when the signal aborts, and hands it over for cleaning up', async () => {
    const controller = new AbortController();
    const work = Promise.withResolvers<string>();
    const abandoned: Promise<string>[] = [];
    const keep = (late: Promise<string>): void => void abandoned.push(late);
    const result = unlessAborted(work.promise, controller.signal, keep);
    controller.abort();
    await expect(result).resolves.toBeUndefined();
    expect(abandoned).toEqual([work.promise]);
  });

  it('gives the result or the error of work that ends first', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve('done'), signal, fail)).resolves.toBe('done');
    const failing = Promise.reject(new Error('failed'));
    await expect(unlessAborted(failing, signal, fail)).rejects.toThrow('failed');
  });

  it('waits for work at most so long', async () => {
    await expect(atMost(1, new Promise(() => undefined))).resolves.toBeUndefined();
    await expect(atMost(3_600_000, Promise.resolve())).resolves.toBeUndefined();
  });
});

describe('wakeup', () => {
  it('wakes who waits, by a ring or after a time, and forgets a ring nobody waits for', async () => {
    const wakeup = createWakeup();
    wakeup.signal();
    const woken: string[] = [];
    const waiting = wakeup.wait().then(() => woken.push('by the ring'));
    await Promise.resolve();
    expect(woken).toEqual([]);
    wakeup.signal();
    await waiting;
    await wakeup.wait(1);
    expect(woken).toEqual(['by the ring']);
  });
});

describe('explain', () => {
  it.each([
    ['its message', new Error('refused'), 'refused'],
    ['its cause', new Error('given up', { cause: new Error('refused') }), 'given up: refused'],
    ['a cause it names already once', new Error('a: b', { cause: new Error('b') }), 'a: b'],
    ['its cause alone when it says nothing', new Error('', { cause: new Error('b') }), 'b'],
    ['its name when there is nothing else', new TypeError(''), 'TypeError'],
    ['all of several errors', new AggregateError([new Error('a'), new Error('b')]), 'a, b'],
    ['equal errors once', new AggregateError([new Error('a'), new Error('a')]), 'a'],
    ['a thrown string', 'odd', 'odd'],
  ])('says of an error %s', (_what, error, text) => expect(explain(error)).toBe(text));
});

describe('status board', () => {
  it('logs a change once, and reminds of trouble once a minute', () => {
    const log = captureLog();
    let now = 0;
    const board = createStatusBoard('cloud', log, () => now);
    for (; now < 150_000; now += 1000) board.waiting(`attempt at ${now}`);
    board.running();
    board.running();
    board.stopped();
    expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
      ['warn', { source: 'cloud', state: 'waiting', reason: 'attempt at 0' }],
      ['warn', { source: 'cloud', state: 'waiting', reason: 'attempt at 60000' }],
      ['warn', { source: 'cloud', state: 'waiting', reason: 'attempt at 120000' }],
      ['info', { source: 'cloud', state: 'running' }],
      ['info', { source: 'cloud', state: 'stopped' }],
    ]);
  });

  it('is paused only while it would run, and keeps the lag and what is missing', () => {
    const board = createStatusBoard('cloud', captureLog(), () => 0);
    board.pause(true);
    board.waiting('no broker');
    expect(board.status()).toEqual({ state: 'waiting', reason: 'no broker' });
    board.running("no topic 'b'");
    board.lag = 7;
    expect(board.status()).toEqual({ state: 'paused', reason: "no topic 'b'", lag: 7 });
    board.pause(false);
    board.running();
    expect(board.status()).toEqual({ state: 'running', lag: 7 });
  });
});

describe('topics', () => {
  const existing = ['cloud.a', 'cloud.b', 'other', '__consumer_offsets'];

  it.each([
    ['names', ['other', 'cloud.a'], ['cloud.a', 'other'], []],
    ['a pattern', ['/^cloud\\./'], ['cloud.a', 'cloud.b'], []],
    ['a pattern with flags', ['/^CLOUD/gi'], ['cloud.a', 'cloud.b'], []],
    ['a pattern, which takes none of Kafka’s own', ['/./'], ['cloud.a', 'cloud.b', 'other'], []],
    ['a topic twice', ['other', '/^other$/'], ['other'], []],
    [
      'what is not there',
      ['gone', '/^x/'],
      [],
      ["no visible topic 'gone'", 'no visible topic matching /^x/'],
    ],
    ['a name that only begins with a slash', ['/a'], [], ["no visible topic '/a'"]],
  ])('selects by %s', (_what, entries, present, missing) => {
    expect(matchTopics(entries.map(parseTopic), existing)).toEqual({ present, missing });
  });

  it('refuses a pattern that is no regular expression', () => {
    expect(() => parseTopic('/(/')).toThrow(SyntaxError);
  });
});

describe('membership', () => {
  it('holds for a session after the last answer of the coordinator', () => {
    const { time, membership, isHeld } = openMembership();
    time.now = 29_999;
    membership.confirmed();
    time.now = 59_998;
    expect(isHeld()).toBe(true);
    time.now = 59_999;
    expect(isHeld()).toBe(false);
  });

  it.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])(
    'holds no more after %s',
    type => {
      const { membership, isHeld } = openMembership();
      membership.failed(refusal(type));
      expect(isHeld()).toBe(false);
    },
  );

  it('holds for the grace when the group rebalances, however often it says so', () => {
    const { time, membership, isHeld } = openMembership();
    membership.failed(refusal('REBALANCE_IN_PROGRESS'));
    time.now = 4999;
    membership.failed(refusal('REBALANCE_IN_PROGRESS'));
    expect(isHeld()).toBe(true);
    time.now = 5000;
    expect(isHeld()).toBe(false);
  });

  it('holds on through trouble with the connection', () => {
    const { membership, isHeld } = openMembership();
    membership.failed(new Error('connection closed'));
    expect(isHeld()).toBe(true);
  });

  it('holds no more what was held before the group was joined again', () => {
    const { membership, isHeld } = openMembership();
    membership.joined();
    expect([isHeld(), membership.hold()()]).toEqual([false, true]);
  });
});

describe('committer', () => {
  it('sends the latest position of each partition, a topic once', async () => {
    const { sent, committer } = openCommitter();
    committer.add({ topic: 'a', partition: 0, nextOffset: 1n, metadata: 'm' });
    committer.add({ topic: 'b', partition: 0, nextOffset: 7n, metadata: 'm' });
    committer.add({ topic: 'a', partition: 1, nextOffset: 5n, metadata: 'm' });
    committer.add({ topic: 'a', partition: 0, nextOffset: 2n, metadata: 'm' });
    await committer.flush();
    await committer.flush();
    const [a0, a1, b0] = [
      { partition: 0, offset: '2', metadata: 'm' },
      { partition: 1, offset: '5', metadata: 'm' },
      { partition: 0, offset: '7', metadata: 'm' },
    ];
    expect(sent).toEqual([
      {
        topics: [
          { topic: 'a', partitions: [a0, a1] },
          { topic: 'b', partitions: [b0] },
        ],
      },
    ]);
  });

  it('sends nothing of a group that was joined again', async () => {
    const { sent, committer } = openCommitter();
    committer.add({ topic: 'a', partition: 0, nextOffset: 1n, metadata: 'm' });
    committer.reset();
    await committer.flush();
    expect(sent).toEqual([]);
  });

  it('survives a commit that is refused', async () => {
    const { sent, failures, committer } = openCommitter(true);
    committer.add({ topic: 'a', partition: 0, nextOffset: 1n, metadata: 'm' });
    await committer.flush();
    committer.add({ topic: 'a', partition: 0, nextOffset: 2n, metadata: 'm' });
    await committer.flush();
    expect([sent.length, failures.length]).toEqual([2, 2]);
  });

  it('sends by itself after a while', async () => {
    const { promise, resolve } = Promise.withResolvers<MarkedOffsets>();
    const committer = createCommitter(async offsets => resolve(offsets), 1, fail);
    committer.add({ topic: 'a', partition: 0, nextOffset: 1n, metadata: 'm' });
    const topics = [{ topic: 'a', partitions: [{ partition: 0, offset: '1', metadata: 'm' }] }];
    await expect(promise).resolves.toEqual({ topics });
  });
});

describe('chunks of a fetch', () => {
  const limits = { batchMax: 2, batchBytesMax: 1000 };
  const reading = { topicId: 'ab', replay: undefined, recordedTo: 8n };

  it('reaches to the end of the record batch, beyond records that compaction removed', () => {
    const place = { topic: 't', partition: 3, topicId: 'ab', replay: undefined };
    const batchContext = { firstOffset: '10', lastOffsetDelta: 9 };
    const spans = [...chunksOf(fetched([10, 12, 13], { batchContext }), limits, reading)].map(
      c => c.span,
    );
    expect(spans).toEqual([
      { ...place, fromOffset: 8n, offsets: [10n, 12n], nextOffset: 13n },
      { ...place, fromOffset: 13n, offsets: [13n], nextOffset: 20n },
    ]);
  });

  it('reaches to the last record where the batch does not say more', () => {
    const [chunk] = chunksOf(fetched([5]), limits, reading);
    expect(chunk?.span).toMatchObject({ offsets: [5n], nextOffset: 6n, topicId: 'ab' });
  });
});

function openMembership() {
  const time = { now: 0 };
  const options = { sessionTimeoutMs: 30_000, rebalanceGraceMs: 5000, clock: () => time.now };
  const membership = createMembership(options);
  membership.joined();
  return { time, membership, isHeld: membership.hold() };
}
function refusal(type: string): Error {
  return Object.assign(new Error(type), { type });
}

function openCommitter(refused = false) {
  const sent: MarkedOffsets[] = [];
  const failures: unknown[] = [];
  const committer = createCommitter(
    async offsets => {
      sent.push(offsets);
      if (refused) throw new Error('refused');
    },
    3_600_000,
    error => failures.push(error),
  );
  return { sent, failures, committer };
}

function fail(): never {
  return expect.unreachable();
}

/** What kafkajs makes of a fetch, as far as a source looks at it. */
function fetched(offsets: readonly number[], extra: object = {}): Batch {
  const messages = offsets.map((offset): KafkaMessage => ({
    key: null,
    value: Buffer.from('x'),
    timestamp: '0',
    attributes: 0,
    offset: String(offset),
    headers: {},
  }));
  const batch = {
    topic: 't',
    partition: 3,
    highWatermark: '99',
    messages,
    rawMessages: messages.map(message => ({ ...message, ...extra })),
    isEmpty: () => false,
    firstOffset: () => String(offsets[0]),
    lastOffset: () => String(offsets.at(-1)),
    offsetLag: () => '0',
    offsetLagLow: () => '0',
  };
  return batch;
}
