/** The tables of events and of the names that clouds give them. */
import { defineEntity, p } from '@mikro-orm/core';

import type { Category } from '../../event/envelope.ts';

/** An event of a cloud, and the webhooks it is owed to. */
export const EventTable = defineEntity({
  name: 'Event',
  tableName: 'event',
  properties: {
    /** UUIDv7, whose time is that of the recording. */
    id: p.uuid().primary(),
    /** The process that recorded the event and owes its deliveries until each has a row. */
    processId: p.integer(),
    /** The configured name of the source that the event came by. */
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
    /** Whom the event concerns where no account owns it, as its message proves; see `event/event.ts`. */
    provenDomain: p.text().nullable(),
    provenUser: p.text().nullable(),
    /** The exact text that every webhook of the default format gets. */
    body: p.text(),
    /** IDs of the recipients: the webhooks that matched when the event was recorded. */
    owed: p.array().columnType('uuid[]').$type<readonly string[]>(),
  },
});

/** The name that a cloud gave a recorded event; a second event of that name is not recorded. */
export const EventKeyTable = defineEntity({
  name: 'EventKey',
  tableName: 'event_key',
  indexes: [{ name: 'event_key_event_id_index', properties: ['eventId'] }],
  properties: {
    /** The first 128 bits of SHA-256 over source, NUL, key. */
    hash: p.uuid().primary(),
    /** The recorded event, whose id says when that was. */
    eventId: p.uuid(),
  },
});
