import { describe, expect, it } from 'vitest';

import type { MessageBatch } from '../../src/event/message.ts';
import type { Run } from '../conformance/source-run.ts';
import { startKafka } from '../service/kafka.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { numbers, openKafka, quick, start } from './kafka-client.ts';

const { brokers } = await sharedService('kafka');

describe('Kafka source: group', () => {
  it('keeps its partitions while recording takes longer than a session', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const recorded = Promise.withResolvers<void>();
    const startedAt = Date.now();
    await using run = start({ brokers, topics: [topic] }, () => recorded.promise);
    await kafka.send(topic, ['1']);
    await run.untilReceived(1);
    await waitUntil('two sessions', () => Date.now() - startedAt > 2 * quick.sessionTimeoutMs);
    expect(run.batches[0]?.isHeld()).toBe(true);
    recorded.resolve();
    await kafka.send(topic, ['2']);
    await run.untilReceived(2);
    expect(run.bodies()).toEqual(['1', '2']);
  });

  it('loses and repeats nothing when a second member joins while batches are in flight', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ partitions: 4 });
    const groupId = uniqueName('group');
    const ledger = createLedger();
    let sent = 0;
    const send = async (): Promise<void> => {
      await kafka.send(topic, numbers(200));
      sent += 200;
    };
    await send();
    await using first = start({ brokers, topics: [topic], groupId, batchMax: 20 }, ledger.record);
    await first.untilReceived(200);
    await using second = start({ brokers, topics: [topic], groupId, batchMax: 20 }, ledger.record);
    await waitUntil(
      'the second to take part',
      async () => {
        await send();
        return partitionsOf(second).size > 1;
      },
      30_000,
    );
    await waitUntil('all to be recorded', () => ledger.count() === sent, 30_000);
    expect(ledger.gaps()).toBe(0);
    expect(partitionsOf(first).size).toBe(4);
  });

  it('gives up a batch that would hold up the others, and a second member records it', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ partitions: 2 });
    const groupId = uniqueName('group');
    await kafka.send(topic, numbers(100));
    await using first = start({ brokers, topics: [topic], groupId }, async batch => {
      await waitUntil('the batch to be lost', () => !batch.isHeld(), 30_000);
      throw new Error('given up');
    });
    await first.untilReceived(1);
    const ledger = createLedger();
    await using second = start({ brokers, topics: [topic], groupId }, ledger.record);
    await second.untilReceived(1);
    await first[Symbol.asyncDispose]();
    await waitUntil('all to be recorded', () => ledger.count() === 100, 30_000);
    expect(ledger.gaps()).toBe(0);
  });

  it('leaves what it has not recorded to the next member when it stops', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const groupId = uniqueName('group');
    await kafka.send(topic, numbers(10));
    const recorded = Promise.withResolvers<void>();
    await using first = start(
      { brokers, topics: [topic], groupId, batchMax: 3 },
      () => recorded.promise,
    );
    await first.untilReceived(3);
    const leaving = first.stop();
    recorded.resolve();
    await leaving;
    await using second = start({ brokers, topics: [topic], groupId });
    await second.untilReceived(7);
    expect(first.bodies()).toEqual(['0', '1', '2']);
    expect(second.bodies()).toEqual(['3', '4', '5', '6', '7', '8', '9']);
  });

  it('commits what is recorded while it runs, for other tools to see', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const groupId = uniqueName('group');
    await kafka.send(topic, numbers(10));
    await using run = start({ brokers, topics: [topic], groupId });
    await run.untilReceived(10);
    await waitUntil('the commit', async () => {
      const [committed] = await kafka.admin.fetchOffsets({ groupId, topics: [topic] });
      return committed?.partitions[0]?.offset === '10';
    });
    expect(run.source.status().state).toBe('running');
  });

  it('knows its lag over all its partitions before it has recorded anything', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic({ partitions: 3 });
    await kafka.send(topic, numbers(30));
    const recorded = Promise.withResolvers<void>();
    await using run = start({ brokers, topics: [topic] }, () => recorded.promise);
    await waitUntil('the lag', () => run.source.status().lag === 30);
    recorded.resolve();
    await waitUntil('the lag to go', () => run.source.status().lag === 0);
    expect(run.messages()).toHaveLength(30);
  });
});

describe('Kafka source: connection', () => {
  it('logs in by PLAIN and SCRAM, and says why when it is refused', async () => {
    await using service = await startKafka({ sasl: true });
    await using kafka = await openKafka(service.brokers);
    const topic = await kafka.createTopic();
    await kafka.send(topic, ['1']);
    const { brokers: saslBrokers, username, password } = service.sasl ?? none;
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const login = { brokers: saslBrokers, topics: [topic] };
      await using run = start({ ...login, sasl: { mechanism, username, password } });
      await run.untilReceived(1);
      const wrong = { mechanism, username, password: 'not-the-password' };
      await using refused = start({ ...login, sasl: wrong });
      await refused.untilReason(/[Aa]uthentication/);
      expect(JSON.stringify(refused.log.lines)).not.toContain('not-the-password');
    }
  });

  it('speaks TLS to a broker whose certificate, or an authority above it, it was given, and to no other', async () => {
    await using service = await startKafka({ tls: true });
    await using kafka = await openKafka(service.brokers);
    const topic = await kafka.createTopic();
    await kafka.send(topic, ['1']);
    if (!service.tls) throw new RangeError('TLS was asked for');
    const { brokers: tlsBrokers, certificate } = service.tls;
    for (const ca of [certificate.ca, certificate.issuing, certificate.leaf]) {
      await using run = start({ brokers: tlsBrokers, topics: [topic], tls: { ca } });
      await run.untilReceived(1);
    }
    await using stranger = start({ brokers: tlsBrokers, topics: [topic], tls: {} });
    await stranger.untilReason(/certificate/);
    expect(stranger.bodies()).toEqual([]);
  });
});

const none = { brokers: [], username: '', password: '' };

/** What the recorder does about positions: records below the stored one are skipped, and none may be left out. */
function createLedger() {
  const positions = new Map<string, bigint>();
  let gaps = 0;
  let count = 0;
  return {
    count: () => count,
    gaps: () => gaps,
    record: async ({ span }: MessageBatch): Promise<void> => {
      await new Promise(resolve => setImmediate(resolve));
      if (span === undefined) throw new Error('a batch without a span');
      const key = `${span.topic}/${span.partition}`;
      const position = positions.get(key) ?? 0n;
      const fresh = span.offsets.filter(offset => offset >= position);
      const [first = position] = fresh;
      if (first > position) gaps += 1;
      count += fresh.length;
      if (span.nextOffset > position) positions.set(key, span.nextOffset);
    },
  };
}

function partitionsOf({ batches }: Run): Set<number | undefined> {
  return new Set(batches.map(({ span }) => span?.partition));
}
