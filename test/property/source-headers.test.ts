/** Records and messages as the client libraries hand them over, whatever they carry beside their bodies. */
import type { ConsumeMessage, MessageProperties } from 'amqplib';
import * as fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/event/message.ts';
import { chunksOf } from '../../src/source/kafkajs/kafka-batch.ts';
import { toMessage } from '../../src/source/rabbitmq/rabbitmq-consumer.ts';

const inherited = ['constructor', 'toString', '__proto__', 'valueOf', 'hasOwnProperty'];
const name = fc.oneof(fc.constantFrom(...inherited, 'ce_id', ''), fc.string({ maxLength: 8 }));
const bytes = fc.uint8Array({ maxLength: 8 }).map(value => Buffer.from(value));
const text = fc.string({ maxLength: 8 }).map(value => Buffer.from(value));
const nullable = fc.option(fc.oneof(text, bytes));

describe('a Kafka record', () => {
  it('is read whatever its headers are called and hold, its key and value are, however often a header comes', () => {
    const headers = fc.array(fc.tuple(name, nullable), { maxLength: 6 });
    fc.assert(
      fc.property(
        headers,
        nullable,
        nullable,
        fc.bigInt(0n, 1n << 40n),
        (given, key, value, at) => {
          const message = read({ headers: given, key, value, timestamp: at });
          expect(message.body).toEqual(value);
          expect(message.key).toBe(key === null ? undefined : asText(key));
          expect(new Map(Object.entries(message.headers ?? {}))).toEqual(firstTexts(given));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each(inherited)('keeps a header `%s`, though all objects have such a member', header => {
    const given = [[header, Buffer.from('x')] as const];
    const { headers } = read({ headers: given, key: null, value: null, timestamp: 0n });
    expect(Object.entries(headers ?? {})).toEqual([[header, 'x']]);
  });
});

describe('an AMQP message', () => {
  const value = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ maxLength: 8 }),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.double({ noNaN: true }),
      bytes,
      fc.integer({ min: 0, max: 253_402_300_799 }).map(at => ({ '!': 'timestamp', value: at })),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 3 }),
    ),
  })).value;

  it('is read whatever its headers are called and hold', () => {
    const headers = fc.array(fc.tuple(name, value), { maxLength: 6 });
    fc.assert(
      fc.property(headers, fc.option(fc.string()), (given, contentType) => {
        const table: Record<string, unknown> = Object.fromEntries(given);
        const message = toMessage(
          received({ headers: table, contentType: contentType ?? undefined }),
        );
        const kept = Object.entries(table).filter(([, one]) => isScalar(one) || isTime(one));
        expect(message.headers ?? {}).toEqual(
          Object.fromEntries([
            ...(contentType === null ? [] : [['content-type', contentType]]),
            ...kept.map(([key, one]) => [key, isTime(one) ? timeOf(one) : String(one)]),
          ]),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [1_796_018_400, '2026-11-30T06:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [253_402_300_800, undefined],
  ])('has a timestamp of %d seconds as %s', (seconds, expected) => {
    const time = { '!': 'timestamp', value: seconds };
    const message = toMessage(received({ headers: { cloudEvents_time: time, more: 'x' } }));
    expect(message.headers?.['cloudEvents_time']).toBe(expected);
  });

  it.each(inherited)('keeps a header `%s`', header => {
    const message = toMessage(received({ headers: Object.fromEntries([[header, 'x']]) }));
    expect(Object.entries(message.headers ?? {})).toEqual([[header, 'x']]);
  });

  it.each([{}, { headers: undefined }, { headers: {} }])(
    'has no headers with properties %j',
    one => {
      expect(toMessage(received(one))).not.toHaveProperty('headers');
    },
  );
});

interface Timestamp {
  readonly '!': 'timestamp';
  /** Seconds since 1970. */
  readonly value: number;
}

const isTime = (one: unknown): one is Timestamp =>
  typeof one === 'object' && one !== null && '!' in one && one['!'] === 'timestamp';

const timeOf = ({ value }: Timestamp): string => new Date(value * 1_000).toISOString();

interface KafkaRecord {
  readonly headers: readonly (readonly [string, Buffer | null])[];
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: bigint;
}

/** Through kafkajs's own decoder of records. */
function read(record: KafkaRecord): Message {
  const made: KafkaMessage = decodeRecord(new Decoder(encode(record)), {
    firstOffset: '7',
    firstTimestamp: String(record.timestamp),
    magicByte: 2,
  });
  const batch = {
    topic: 't',
    partition: 0,
    highWatermark: '8',
    messages: [made],
    lastOffset: () => '7',
    isEmpty: () => false,
    firstOffset: () => '7',
    offsetLag: () => '0',
    offsetLagLow: () => '0',
  };
  const limits = { batchMax: 10, batchBytesMax: 1_000 };
  const reading = { topicId: undefined, replay: undefined, recordedTo: 7n };
  const [chunk] = [...chunksOf(batch, limits, reading)];
  const [message] = chunk?.messages ?? [];
  if (!message) throw new RangeError('a batch of one record has one message');
  return message;
}

/** Source: Kafka's record batch format, version 2: attributes, timestamp and offset deltas, key, value, headers. */
function encode({ headers, key, value }: KafkaRecord): Buffer {
  const sized = (one: Buffer | null): Buffer[] =>
    one === null ? [varint(-1)] : [varint(one.length), one];
  return Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(0),
    ...sized(key),
    ...sized(value),
    varint(headers.length),
    ...headers.flatMap(([header, one]) => [...sized(Buffer.from(header)), ...sized(one)]),
  ]);
}

/** Zigzag, seven bits a byte, of a number below 2^20. */
function varint(value: number): Buffer {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  const digits: number[] = [];
  for (; rest > 127; rest >>= 7) digits.push((rest & 127) | 128);
  return Buffer.from([...digits, rest]);
}

function firstTexts(given: KafkaRecord['headers']): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [header, value] of given) {
    const known = value === null ? undefined : asText(value);
    const sent = Buffer.from(header).toString();
    if (known !== undefined && !texts.has(sent)) texts.set(sent, known);
  }
  return texts;
}

const asText = (value: Buffer): string | undefined => {
  const decoded = value.toString();
  return Buffer.from(decoded).equals(value) ? decoded : undefined;
};

const isScalar = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

function received(properties: Partial<MessageProperties>): ConsumeMessage {
  const fields = { exchange: 'e', routingKey: 'k', redelivered: false };
  return {
    fields: { ...fields, consumerTag: 'c', deliveryTag: 1 },
    properties: { ...noProperties, ...properties },
    content: Buffer.from('{}'),
  };
}

const noProperties: MessageProperties = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: undefined,
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};
