import { defineEntity, p } from '@mikro-orm/core';

const EventKeySchema = defineEntity({
  name: 'EventKeyRow',
  tableName: 'event_key',
  indexes: [{ name: 'event_key_event_id_index', properties: ['eventId'] }],
  properties: {
    /** The first 128 bits of SHA-256 over source, NUL, key. */
    hash: p.uuid().primary(),
    /** The event that was recorded; its id says when. */
    eventId: p.uuid(),
  },
});

/** The name a cloud gave an event that is recorded: whoever tells of it again tells nothing new. */
export class EventKeyRow extends EventKeySchema.class {}
EventKeySchema.setClass(EventKeyRow);
