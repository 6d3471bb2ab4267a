/** Webhooks: list, make, show, change, delete. */
import type { FastifyInstance } from 'fastify';

import type { Scope, WebhookState } from '../../webhook/words.ts';
import { databaseOf } from '../../store/database.ts';
import type { Database } from '../../store/database.ts';
import { readHealth, untried } from '../../store/webhook/query-health.ts';
import type { Health } from '../../store/webhook/query-health.ts';
import { listWebhooks } from '../../store/webhook/query-webhook.ts';
import type { WebhookFacts } from '../../store/webhook/query-webhook.ts';
import { callerOf } from '../http/authenticate.ts';
import { changeWebhook, makeWebhook, removeWebhook } from './change-webhook.ts';
import type { ChangeBody, NewBody } from './webhook-rules.ts';
import type { ApiOptions } from '../context.ts';
import { conditional, etagOf, isKnown, notModified, presentWebhook } from '../http/etag.ts';
import { decodeCursor, listOf, pageQuery, toPage, uuidKey } from '../http/page.ts';
import type { PageQuery } from '../http/page.ts';
import { requireWebhook } from './require-webhook.ts';
import { answer, idParams, noContent, problems } from '../http/route.ts';
import type { IdParams } from '../http/route.ts';

interface ListQuery extends PageQuery {
  readonly name?: string;
  readonly state?: WebhookState;
  readonly scope?: Scope;
  readonly accountId?: string;
  readonly domainId?: string;
}

const tags = ['webhooks'];

const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...pageQuery,
    name: { type: 'string', description: 'Exactly this name.' },
    state: { type: 'string', enum: ['Enabled', 'Disabled'] },
    scope: { type: 'string', enum: ['Local', 'Domain', 'Global'] },
    accountId: { type: 'string' },
    domainId: { type: 'string' },
  },
} as const;

const schemas = {
  list: {
    summary: 'List webhooks, oldest first',
    tags,
    querystring: listQuery,
    response: { 200: listOf('Webhook', 'Webhooks.'), ...problems },
  },
  make: {
    summary: 'Make a webhook',
    tags,
    body: { $ref: 'NewWebhook#' },
    response: { 201: answer('Webhook', 'The webhook.'), ...problems },
  },
  show: {
    summary: 'Show a webhook',
    tags,
    params: idParams,
    headers: conditional('if-none-match'),
    response: { 304: notModified, 200: answer('Webhook', 'The webhook.'), ...problems },
  },
  change: {
    summary: 'Change a webhook: enable and disable it with `state`',
    tags,
    params: idParams,
    headers: conditional('if-match'),
    body: { $ref: 'WebhookChange#' },
    response: { 200: answer('Webhook', 'The webhook as it is now.'), ...problems },
  },
  remove: {
    summary: 'Delete a webhook; deliveries still owed to it are cancelled',
    tags,
    params: idParams,
    headers: conditional('if-match'),
    response: { 204: noContent, ...problems },
  },
};

export function registerWebhookRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store } = options;
  const answerOf = async (webhook: WebhookFacts): Promise<WebhookAnswer | undefined> =>
    (await withHealth(databaseOf(store), [presentWebhook(webhook)]))[0];

  app.get<{ Querystring: ListQuery }>('/v1/webhooks', { schema: schemas.list }, async request => {
    const { limit, cursor: _, ...wanted } = request.query;
    const rows = await listWebhooks(databaseOf(store), callerOf(request).visibility, {
      ...wanted,
      ...decodeCursor(request.query, uuidKey),
      limit: limit + 1,
    });
    const page = toPage(rows, limit, ({ id }) => id, presentWebhook);
    return { ...page, items: await withHealth(databaseOf(store), page.items) };
  });

  app.post<{ Body: NewBody }>('/v1/webhooks', { schema: schemas.make }, async (request, reply) => {
    const made = await makeWebhook(options, callerOf(request), request.body);
    return reply
      .code(201)
      .header('location', `/v1/webhooks/${made.id}`)
      .header('etag', etagOf(made))
      .send(await answerOf(made));
  });

  app.get<{ Params: IdParams }>(
    '/v1/webhooks/:id',
    { schema: schemas.show },
    async (request, reply) => {
      const { id } = request.params;
      const webhook = await requireWebhook(databaseOf(store), id, callerOf(request).visibility);
      const etag = etagOf(webhook);
      void reply.header('etag', etag);
      return isKnown(etag, request.headers['if-none-match'])
        ? reply.code(304).send()
        : answerOf(webhook);
    },
  );

  app.patch<{ Params: IdParams; Body: ChangeBody }>(
    '/v1/webhooks/:id',
    { schema: schemas.change },
    async (request, reply) => {
      const { params, body, headers } = request;
      const aim = { ...params, body, ifMatch: headers['if-match'] };
      const now = await changeWebhook(options, callerOf(request), aim);
      return reply.header('etag', etagOf(now)).send(await answerOf(now));
    },
  );

  app.delete<{ Params: IdParams }>(
    '/v1/webhooks/:id',
    { schema: schemas.remove },
    async (request, reply) => {
      const { params, headers } = request;
      await removeWebhook(options, callerOf(request), {
        ...params,
        ifMatch: headers['if-match'],
      });
      return reply.code(204).send();
    },
  );
}

type WebhookAnswer = WebhookFacts & { readonly health: Health };

async function withHealth(
  database: Database,
  webhooks: readonly WebhookFacts[],
): Promise<readonly WebhookAnswer[]> {
  const healths = await readHealth(
    database,
    webhooks.map(({ id }) => id),
  );
  return webhooks.map(webhook => ({ ...webhook, health: healths.get(webhook.id) ?? untried }));
}
