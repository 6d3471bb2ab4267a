import { defineEntity, p } from '@mikro-orm/core';

const SourcePositionSchema = defineEntity({
  name: 'SourcePosition',
  tableName: 'source_position',
  properties: {
    source: p.text().primary(),
    topic: p.text().primary(),
    partition: p.integer().primary(),
    /** Records below it are recorded. */
    nextOffset: p.bigint(),
    /** Kafka's own id of the topic, which another topic of the same name does not have. */
    topicId: p.text().nullable(),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

/** How far a Kafka partition is recorded; moved in the transaction that records. */
export class SourcePosition extends SourcePositionSchema.class {}
SourcePositionSchema.setClass(SourcePosition);
