import { defineEntity, p } from '@mikro-orm/core';

/** One change. */
export const AuditTable = defineEntity({
  name: 'Audit',
  tableName: 'audit',
  properties: {
    /** UUIDv7, made by the database. */
    id: p.uuid().primary().defaultRaw('audit_id()'),
    at: p.datetime().defaultRaw('now()'),
    /** Null where Hookline itself acted. */
    username: p.text().nullable(),
    /** @example 'webhook.updated' */
    action: p.text(),
    objectId: p.text(),
    /** Whose object it is, as far as it is an account's or a domain's: who of the tenants may look. */
    accountId: p.text().nullable(),
    domainId: p.text().nullable(),
    before: p.json<Record<string, unknown>>().nullable(),
    after: p.json<Record<string, unknown>>().nullable(),
    /** Of the peer that asked. */
    address: p.text().nullable(),
  },
});
