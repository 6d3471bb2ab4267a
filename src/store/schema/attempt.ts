import { defineEntity, p } from '@mikro-orm/core';

const AttemptSchema = defineEntity({
  name: 'AttemptRow',
  tableName: 'attempt',
  properties: {
    deliveryId: p.uuid().primary(),
    /** From 1. */
    number: p.integer().primary(),
    startedAt: p.datetime(),
    durationMs: p.integer(),
    status: p.integer().nullable(),
    error: p.text().nullable(),
    responseBody: p.text().nullable(),
  },
});

/** An attempt that was followed by another; the last one is in the delivery's own row. */
export class AttemptRow extends AttemptSchema.class {}
AttemptSchema.setClass(AttemptRow);
