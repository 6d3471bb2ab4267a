import { describe, expect, it } from 'vitest';

import { deliveryId, redeliveryId, timeOf } from '../../src/event/id.ts';
import type { MessageBatch } from '../../src/event/message.ts';
import { createReceipts, hashMessage } from '../../src/record/receipts.ts';
import { oneByOne } from '../../src/record/split.ts';
import { firstIdOf } from '../../src/store/schema/partition.ts';

const message = (text: string, routingKey = 'k') => ({
  position: 'x',
  routingKey,
  body: Buffer.from(text),
  redelivered: false,
});

describe('deliveryId', () => {
  const eventId = '01a1fb67-1801-7abc-8def-0123456789ab';
  it('is the same for the same event and webhook, and differs for another', () => {
    expect(deliveryId(eventId, 'w1')).toBe(deliveryId(eventId, 'w1'));
    expect(deliveryId(eventId, 'w1')).not.toBe(deliveryId(eventId, 'w2'));
  });

  it('keeps the time of its event, so that both lie in partitions of one day', () => {
    for (const id of [deliveryId(eventId, 'w1'), redeliveryId(eventId, 'f'.repeat(32))]) {
      expect(id).toMatch(/^01a1fb67-1801-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(timeOf(id)).toEqual(timeOf(eventId));
      expect(id > firstIdOf(timeOf(eventId).getTime())).toBe(true);
    }
  });
});

describe('hashMessage', () => {
  it('tells routing key and body apart', () => {
    expect(hashMessage(message('b', 'a'))).not.toBe(hashMessage(message('', 'ab')));
    expect(hashMessage(message('b', 'a'))).toBe(hashMessage(message('b', 'a')));
  });
});

describe('receipts', () => {
  it('forgets the oldest once the younger ones cover what the broker may still hold', () => {
    const receipts = createReceipts();
    const consumer = { id: 'c', prefetch: 100 };
    for (const id of ['1', '2', '3']) {
      const forget = receipts.superfluous(consumer, 40);
      receipts.made('c', { id, size: 40 }, forget);
    }
    expect(receipts.superfluous(consumer, 40)).toEqual(['1']);
    expect(receipts.superfluous(consumer, 100)).toEqual(['1', '2', '3']);
  });

  it('forgets nothing of a former consumer', () => {
    const receipts = createReceipts();
    receipts.made('old', { id: '1', size: 500 }, []);
    expect(receipts.superfluous({ id: 'new', prefetch: 10 }, 50)).toEqual([]);
  });
});

describe('oneByOne', () => {
  it('covers the same offsets, gaps included', () => {
    const batch: MessageBatch = {
      messages: [message('a'), message('b')],
      span: { topic: 't', partition: 0, fromOffset: 4n, offsets: [5n, 9n], nextOffset: 12n },
      isHeld: () => true,
    };
    expect(oneByOne(batch).map(single => [single.span?.offsets, single.span?.nextOffset])).toEqual([
      [[5n], 9n],
      [[9n], 12n],
    ]);
  });
});
