/** The tables of events. */
import { defineEntity, p } from '@mikro-orm/core';

import type { Category } from '../../event/envelope.ts';

/** Something that happened in the cloud, and whom it is owed to. */
export const EventTable = defineEntity({
  name: 'Event',
  tableName: 'event',
  properties: {
    /** UUIDv7; its time is when the event was recorded. */
    id: p.uuid().primary(),
    /** Who recorded it and owes its deliveries until each has a row. */
    processId: p.integer(),
    /** The configured name of the source. */
    source: p.text(),
    category: p.text().$type<Category>().nullable(),
    event: p.text(),
    entity: p.text().nullable(),
    entityuuid: p.text().nullable(),
    account: p.text().nullable(),
    userId: p.text().nullable(),
    project: p.text().nullable(),
    domain: p.text().nullable(),
    status: p.text().nullable(),
    eventDateTime: p.datetime().nullable(),
    description: p.text().nullable(),
    /** The envelope's `source`: the component that spoke. */
    origin: p.text().nullable(),
    details: p.json<Record<string, unknown>>().nullable(),
    /** The exact text every webhook of the default format gets. */
    body: p.text(),
    /** Ids of the webhooks that matched when it was recorded. */
    owed: p.array().columnType('uuid[]').$type<readonly string[]>(),
  },
});

/** The name a cloud gave an event that is recorded: whoever tells of it again tells nothing new. */
export const EventKeyTable = defineEntity({
  name: 'EventKey',
  tableName: 'event_key',
  indexes: [{ name: 'event_key_event_id_index', properties: ['eventId'] }],
  properties: {
    /** The first 128 bits of SHA-256 over source, NUL, key. */
    hash: p.uuid().primary(),
    /** The event that was recorded; its id says when. */
    eventId: p.uuid(),
  },
});
