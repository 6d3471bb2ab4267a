/** The tables of recording: processes, positions, receipts, quarantine. */
import { defineEntity, p } from '@mikro-orm/core';

/** A running process. Its row is deleted when the process leaves, or when another process takes it over. */
export const ProcessTable = defineEntity({
  name: 'Process',
  tableName: 'process',
  properties: {
    id: p.integer().primary().autoincrement(),
    host: p.text(),
    pid: p.integer(),
    startedAt: p.datetime().defaultRaw('now()'),
    /** After this instant any process may take over what this one owes. */
    leaseUntil: p.datetime(),
    /** ID of an event: up to it, every event that the process recorded has a row for each of its deliveries. */
    watermark: p.uuid(),
  },
});

/** How far a Kafka partition is recorded; moved in the transaction that records. */
export const SourcePositionTable = defineEntity({
  name: 'SourcePosition',
  tableName: 'source_position',
  properties: {
    source: p.text().primary(),
    topic: p.text().primary(),
    partition: p.integer().primary(),
    /** The offset at which the reading began. */
    startOffset: p.bigint('string'),
    /** The first offset that is not recorded. */
    nextOffset: p.bigint('string'),
    /** Kafka's own id of the topic; a topic created again under the same name has another. */
    topicId: p.text().nullable(),
    /** Identifies an operator's wish to have records again, while they are being read. */
    replayId: p.uuid().nullable(),
    /** The first offset that had not been recorded when the operator wished so. */
    replayUntil: p.bigint('string').nullable(),
    /** Number of records that Kafka deleted before they were read. */
    lost: p.bigint('string').defaultRaw('0'),
    lostAt: p.datetime().nullable(),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

/** One row: this database's history, which a replica and a restored dump of it share. */
export const HistoryTable = defineEntity({
  name: 'History',
  tableName: 'history',
  properties: {
    id: p.uuid().primary(),
  },
});

/** The events of one recorded batch of a Kafka partition, by which they are found when the batch is read again. */
export const RecordedSpanTable = defineEntity({
  name: 'RecordedSpan',
  tableName: 'recorded_span',
  indexes: [
    { properties: ['source', 'topic', 'partition', 'nextOffset'] },
    { properties: ['createdAt'] },
  ],
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    source: p.text(),
    topic: p.text(),
    partition: p.integer(),
    topicId: p.text().nullable(),
    /** One past the last offset of the batch. */
    nextOffset: p.bigint('string'),
    /** The offset of each event, ascending; once for each event of a record that holds several. */
    offsets: p.array().columnType('bigint[]').$type<readonly string[]>(),
    eventIds: p.array().columnType('uuid[]').$type<readonly string[]>(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});

/** The messages of one recorded RabbitMQ batch that the broker may still redeliver. */
export const ReceiptTable = defineEntity({
  name: 'Receipt',
  tableName: 'receipt',
  indexes: [{ name: 'receipt_source_consumer_id_index', properties: ['source', 'consumerId'] }],
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    source: p.text(),
    /** Identifies one consumer for as long as its channel is open. */
    consumerId: p.uuid(),
    createdAt: p.datetime().defaultRaw('now()'),
    /** One for each message of the batch: the first 128 bits of SHA-256 over routing key, NUL, body. */
    hashes: p.array().columnType('uuid[]').$type<readonly string[]>(),
  },
});

/** A message that could not be understood, kept with its bytes. */
export const QuarantineTable = defineEntity({
  name: 'Quarantine',
  tableName: 'quarantine',
  indexes: [{ properties: ['source', 'id'] }],
  properties: {
    /** UUIDv7. */
    id: p.uuid().primary(),
    source: p.text(),
    position: p.text(),
    routingKey: p.text().nullable(),
    headers: p.json<Record<string, string>>().nullable(),
    /** Says what was wrong and what was expected. */
    reason: p.text(),
    /** Null for a Kafka tombstone. */
    body: p.blob().$type<Buffer>().nullable(),
    /** Index in its message of the one item that was put aside; null where it is the whole message. */
    item: p.integer().nullable(),
    /** The sender's own id of the message. */
    sendingId: p.text().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});
