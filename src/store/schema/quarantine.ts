import { defineEntity, p } from '@mikro-orm/core';

const QuarantineSchema = defineEntity({
  name: 'QuarantineRow',
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
    body: p.blob().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});

/** A message that could not be understood, kept whole. */
export class QuarantineRow extends QuarantineSchema.class {}
QuarantineSchema.setClass(QuarantineRow);
