import { defineEntity, p } from '@mikro-orm/core';

const UnknownAccountSchema = defineEntity({
  name: 'UnknownAccount',
  tableName: 'unknown_account',
  properties: {
    id: p.text().primary(),
    /** The project its events name. */
    project: p.text().nullable(),
    events: p.bigint('string'),
    firstSeen: p.datetime().defaultRaw('now()'),
    lastSeen: p.datetime().defaultRaw('now()').index(),
  },
});

/** An account that events belong to and the directory does not know. */
export class UnknownAccount extends UnknownAccountSchema.class {}
UnknownAccountSchema.setClass(UnknownAccount);
