import { defineEntity, p } from '@mikro-orm/core';

const ProcessSchema = defineEntity({
  name: 'ProcessRow',
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

/** A running Hookline. The row goes when the process leaves, or when it is taken over. */
export class ProcessRow extends ProcessSchema.class {}
ProcessSchema.setClass(ProcessRow);
