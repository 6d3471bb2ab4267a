import { defineEntity, p } from '@mikro-orm/core';

import type { Origin } from '../directory/origin.ts';

const DomainSchema = defineEntity({
  name: 'Domain',
  tableName: 'domain',
  indexes: [{ properties: ['name', 'id'] }],
  properties: {
    id: p.text().primary().defaultRaw('(gen_random_uuid())::text'),
    name: p.text(),
    parentId: () =>
      p
        .manyToOne(Domain)
        .mapToPk()
        .fieldNames('parent_id')
        .nullable()
        .index()
        .deleteRule('cascade'),
    /** `/<root id>/<child id>/`: derived from the parents by a trigger, whatever is written here. */
    path: p.text().unique(),
    origin: p.text().$type<Origin>().default('local'),
    /** When the cloud was first seen without it. */
    removedAt: p.datetime().nullable(),
    updated: p.datetime().defaultRaw('now()'),
  },
  checks: [{ name: 'domain_origin_check', expression: `origin in ('local', 'cloud')` }],
});

/** A node of the cloud's tenant tree. Its id is the cloud's. */
export class Domain extends DomainSchema.class {}
DomainSchema.setClass(Domain);
