import { defineEntity, p } from '@mikro-orm/core';

const ReceiptSchema = defineEntity({
  name: 'ReceiptRow',
  tableName: 'receipt',
  indexes: [{ name: 'receipt_source_consumer_id_index', properties: ['source', 'consumerId'] }],
  properties: {
    id: p.bigint().primary().autoincrement(),
    source: p.text(),
    /** One channel's life. */
    consumerId: p.uuid(),
    createdAt: p.datetime().defaultRaw('now()'),
    /** One for each message of the batch: the first 128 bits of SHA-256 over routing key, NUL, body. */
    hashes: p.array().columnType('uuid[]'),
  },
});

/** The messages of one RabbitMQ batch that is recorded and that the broker may still give back. */
export class ReceiptRow extends ReceiptSchema.class {}
ReceiptSchema.setClass(ReceiptRow);
