/** The tables that recording keeps its place in: processes, positions, receipts, quarantine. */
import { defineEntity, p } from '@mikro-orm/core';

/** A running Hookline. The row goes when the process leaves, or when it is taken over. */
export const ProcessTable = defineEntity({
  name: 'Process',
  tableName: 'process',
  properties: {
    id: p.integer().primary().autoincrement(),
    host: p.text(),
    pid: p.integer(),
    startedAt: p.datetime().defaultRaw('now()'),
    /** After this anyone may take over what the process owes. */
    leaseUntil: p.datetime(),
    /** Every event this process recorded with an id up to this one has a row for each delivery it owes. */
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
    /** Records below it are recorded. */
    nextOffset: p.bigint('string'),
    /** Kafka's own id of the topic, which another topic of the same name does not have. */
    topicId: p.text().nullable(),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

/** The messages of one RabbitMQ batch that is recorded and that the broker may still give back. */
export const ReceiptTable = defineEntity({
  name: 'Receipt',
  tableName: 'receipt',
  indexes: [{ name: 'receipt_source_consumer_id_index', properties: ['source', 'consumerId'] }],
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    source: p.text(),
    /** One channel's life. */
    consumerId: p.uuid(),
    createdAt: p.datetime().defaultRaw('now()'),
    /** One for each message of the batch: the first 128 bits of SHA-256 over routing key, NUL, body. */
    hashes: p.array().columnType('uuid[]').$type<readonly string[]>(),
  },
});

/** A message that could not be understood, kept whole. */
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
    /** What was wrong and what was expected. */
    reason: p.text(),
    /** Null is a Kafka tombstone. */
    body: p.blob().$type<Buffer>().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});
