/** The audit: lists who changed what, when and from where. */
import { Type } from 'typebox';

import { anyObject, uuid, instant, nullable, text } from '../../event/schema.ts';
import { listAudit } from '../../store/audit.ts';
import { databaseOf } from '../../store/database.ts';
import { callerOf } from '../http/authenticate.ts';
import type { ApiOptions, RouteGroup } from '../context.ts';
import { scanPage } from '../http/page.ts';
import { closed, listAnswer, pageQuery, problems } from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const auditEntry = Type.Object(
  {
    id: uuid(),
    at: instant(),
    username: nullable(text({ description: 'Who made the change; null for Hookline itself.' })),
    action: text({ description: 'Only changes of this kind.', example: 'webhook.updated' }),
    objectId: text(),
    accountId: Type.Optional(nullable(text())),
    domainId: Type.Optional(nullable(text())),
    scope: Type.Optional(
      nullable(
        text({
          description: 'Of a change to a webhook: its scope, the wider one if that changed.',
        }),
      ),
    ),
    before: nullable(anyObject()),
    after: nullable(anyObject()),
    address: nullable(text()),
  },
  { $id: 'Audit', description: 'A change, and who made it.' },
);

const schema = {
  operationId: 'listAudit',
  summary: 'List changes, newest first',
  description:
    'Tenants see all changes to what belongs to them, whoever made them. A page may contain fewer than `limit` items and still have a `nextCursor`.',
  tags: ['access'],
  querystring: closed({
    ...pageQuery,
    from: Type.Optional(instant({ description: 'Only changes made at or after this instant.' })),
    to: Type.Optional(instant({ description: 'Only changes made before this instant.' })),
    username: Type.Optional(text({ description: 'Only changes made by this user.' })),
    action: Type.Optional(
      text({ description: 'Only changes of this kind.', example: 'webhook.updated' }),
    ),
    objectId: Type.Optional(text({ description: 'Only changes to the object with this id.' })),
  }),
  response: { 200: listAnswer(auditEntry, 'Changes.'), ...problems },
};

export const auditRoutes: RouteGroup = { schemas: [auditEntry], register: registerAuditRoutes };

function registerAuditRoutes(app: Routes, { store }: ApiOptions): void {
  app.get('/v1/audit', { schema }, async request =>
    scanPage(request.query, query =>
      listAudit(databaseOf(store), callerOf(request).visibility, query),
    ),
  );
}
