/** Webhooks: list, create, show, update, delete. */
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { oneOf, text } from '../../event/schema.ts';
import { scopes, webhookStates } from '../../webhook/words.ts';
import { databaseOf } from '../../store/database.ts';
import { readHealth } from '../../store/webhook/health.ts';
import { healthStates, untried } from '../../webhook/health.ts';
import { listWebhooks } from '../../store/webhook/webhook.ts';
import type { WebhookRow } from '../../store/webhook/webhook.ts';
import type { Visibility } from '../../store/sql/visibility.ts';
import { callerOf } from '../http/authenticate.ts';
import type { Caller } from '../http/authenticate.ts';
import { readRetries } from './read-retries.ts';
import {
  newWebhook,
  savedWebhook,
  shownHealth,
  shownWebhook,
  webhookChange,
} from './schema-webhook.ts';
import { warnOfWebhook } from './warn.ts';
import { createWebhook, deleteWebhook, updateWebhook } from './write-webhook.ts';
import type { ApiOptions } from '../context.ts';
import { conditional, etagOf, isKnown, notModified, presentWebhook } from '../http/etag.ts';
import { byId, listPage } from '../http/page.ts';
import { requireWebhook } from './require-webhook.ts';
import {
  answer,
  closed,
  idParams,
  listAnswer,
  noContent,
  pageQuery,
  problems,
  ref,
} from '../http/schema.ts';
import type { Routes } from '../http/schema.ts';

const tags = ['webhooks'];

const listQuery = closed({
  ...pageQuery,
  name: Type.Optional(text({ description: 'Only webhooks of exactly this name.' })),
  state: Type.Optional(oneOf(webhookStates, { description: 'Only webhooks in this state.' })),
  scope: Type.Optional(oneOf(scopes, { description: 'Only webhooks of this scope.' })),
  accountId: Type.Optional(text({ description: 'Only webhooks of this account.' })),
  domainId: Type.Optional(text({ description: 'Only webhooks of exactly this domain.' })),
  health: Type.Optional(oneOf(healthStates, { description: 'Only webhooks of this health.' })),
  text: Type.Optional(
    text({
      maxLength: 255,
      description:
        'Only webhooks with this text in their name, description or payload URL, in either case.',
    }),
  ),
});

const schemas = {
  list: {
    operationId: 'listWebhooks',
    summary: 'List webhooks, oldest first',
    description: 'The webhooks that you may see, each with its filters and its health.',
    tags,
    querystring: listQuery,
    response: { 200: listAnswer(shownWebhook, 'Webhooks.'), ...problems },
  },
  create: {
    operationId: 'createWebhook',
    summary: 'Create a webhook',
    description:
      'It gets events that are recorded from now on. `name` and `payloadUrl` are required; everything else has a default.',
    tags,
    body: ref(newWebhook),
    response: { 201: answer(savedWebhook, 'The webhook.'), ...problems },
  },
  show: {
    operationId: 'showWebhook',
    summary: 'Show a webhook',
    description: 'The `ETag` of the answer makes a later change conditional (`If-Match`).',
    tags,
    params: idParams,
    headers: conditional('if-none-match'),
    response: { 304: notModified, 200: answer(shownWebhook, 'The webhook.'), ...problems },
  },
  health: {
    operationId: 'showWebhookHealth',
    summary: "Show a webhook's health",
    description: 'The same as `health` of the webhook.',
    tags,
    params: idParams,
    response: { 200: answer(shownHealth, 'How its deliveries go.'), ...problems },
  },
  update: {
    operationId: 'updateWebhook',
    summary: 'Update a webhook; `state` enables, pauses and disables it',
    description: 'Fields that the request leaves out stay as they are.',
    tags,
    params: idParams,
    headers: conditional('if-match'),
    body: ref(webhookChange),
    response: { 200: answer(savedWebhook, 'The updated webhook.'), ...problems },
  },
  delete: {
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook; its pending deliveries are cancelled',
    description: 'Its filters are deleted with it. It cannot be restored.',
    tags,
    params: idParams,
    headers: conditional('if-match'),
    response: { 204: noContent, ...problems },
  },
};

export function registerWebhookRoutes(app: Routes, options: ApiOptions): void {
  const { store } = options;
  const answerOf = async (webhook: WebhookRow, { visibility }: Caller): Promise<Answer> => {
    const [shown] = await readAnswers(options, [webhook], visibility);
    if (!shown) throw new RangeError('each webhook has an answer');
    return shown;
  };

  const savedAnswerOf = async (caller: Caller, webhook: WebhookRow) => ({
    ...(await answerOf(webhook, caller)),
    warnings: await warnOfWebhook(options, caller, webhook),
  });

  app.get('/v1/webhooks', { schema: schemas.list }, async request => {
    const database = databaseOf(store);
    const { visibility } = callerOf(request);
    const page = await listPage(request.query, byId, query =>
      listWebhooks(database, visibility, query),
    );
    return { ...page, items: await readAnswers(options, page.items, visibility) };
  });

  app.post('/v1/webhooks', { schema: schemas.create }, async (request, reply) => {
    const caller = callerOf(request);
    const created = await createWebhook(options, caller, request.body);
    return reply
      .code(201)
      .header('location', `/v1/webhooks/${created.id}`)
      .header('etag', etagOf(created))
      .send(await savedAnswerOf(caller, created));
  });

  app.get('/v1/webhooks/:id', { schema: schemas.show }, async (request, reply) => {
    const { id } = request.params;
    const webhook = await requireWebhook(databaseOf(store), id, callerOf(request).visibility);
    const etag = etagOf(webhook);
    void reply.header('etag', etag);
    return isKnown(etag, request.headers['if-none-match'])
      ? reply.code(304).send()
      : answerOf(webhook, callerOf(request));
  });

  app.get('/v1/webhooks/:id/health', { schema: schemas.health }, async request => {
    const database = databaseOf(store);
    const { visibility } = callerOf(request);
    const { id } = await requireWebhook(database, request.params.id, visibility);
    return (await readHealth(database, [id], visibility)).get(id) ?? untried;
  });

  app.patch('/v1/webhooks/:id', { schema: schemas.update }, async (request, reply) => {
    const { params, body, headers } = request;
    const target = { ...params, body, ifMatch: headers['if-match'] };
    const caller = callerOf(request);
    const now = await updateWebhook(options, caller, target);
    return reply.header('etag', etagOf(now)).send(await savedAnswerOf(caller, now));
  });

  app.delete('/v1/webhooks/:id', { schema: schemas.delete }, async (request, reply) => {
    const { params, headers } = request;
    await deleteWebhook(options, callerOf(request), {
      ...params,
      ifMatch: headers['if-match'],
    });
    return reply.code(204).send();
  });
}

type Answer = Static<typeof shownWebhook>;

async function readAnswers(
  { store, settingDefaults }: ApiOptions,
  webhooks: readonly WebhookRow[],
  visibility: Visibility,
): Promise<Answer[]> {
  const database = databaseOf(store);
  const healths = await readHealth(
    database,
    webhooks.map(({ id }) => id),
    visibility,
  );
  const retries = await readRetries(database, settingDefaults, webhooks);
  return webhooks.map(webhook => ({
    ...presentWebhook(webhook),
    health: healths.get(webhook.id) ?? untried,
    retry: retries.get(webhook.id) ?? '',
  }));
}
