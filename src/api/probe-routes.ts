/**
 * Test deliveries: of a webhook, or of one not saved yet.
 *
 * Source: apache/cloudstack, executeWebhookDelivery with a webhook or a payload URL.
 */
import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';

import { seal } from '../access/seal.ts';
import type { Webhook, WebhookSecret } from '../event/webhook.ts';
import { loadWebhooksById } from '../store/load.ts';
import { databaseOf } from '../store/open.ts';
import type { WebhookValues } from '../store/query-webhook.ts';
import { everything } from '../store/territory.ts';
import { callerOf } from './authenticate.ts';
import type { Caller } from './authenticate.ts';
import { findOwner, requireAccount, valuesOf } from './change-webhook.ts';
import type { ApiOptions } from './context.ts';
import { noteChange } from './note-change.ts';
import { ProblemError } from './problem.ts';
import { ofWebhook, requireWebhook } from './require-webhook.ts';
import { answer, bodyMayBeAbsent, idParams, problems } from './route.ts';
import type { IdParams } from './route.ts';
import { planNewWebhook, planWebhookChange } from './webhook-rules.ts';
import type { WebhookChange } from './webhook-rules.ts';

interface Signed {
  readonly payload?: string;
  readonly secretKey?: string | null;
}
type SavedBody = Signed & Pick<WebhookChange, 'payloadUrl' | 'sslVerification'>;
type UnsavedBody = Signed &
  Omit<WebhookChange, 'payloadUrl'> & { readonly payloadUrl: string; readonly accountId?: string };

const tags = ['webhooks'];
const response = { 200: answer('TestResult', 'What became of it.'), ...problems };
const description =
  'One attempt, by the code and the egress rules of the real deliveries. Nothing of it is recorded but who asked. What a receiver answers, also a failure, is status 200 here: see `diagnosis`.';

export function registerProbeRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.post<{ Params: IdParams; Body: SavedBody }>(
    '/v1/webhooks/:id/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook',
        description,
        tags,
        params: idParams,
        body: { $ref: 'WebhookTest#' },
        response,
      },
      preValidation: bodyMayBeAbsent,
    },
    async request => {
      const { id } = request.params;
      const webhook = await planSaved(options, callerOf(request), { id, ...request.body });
      return probe(options, webhook, request.body.payload);
    },
  );

  app.post<{ Body: UnsavedBody }>(
    '/v1/test',
    {
      schema: {
        summary: 'Make a test delivery to a webhook that is not saved yet',
        description,
        tags,
        body: { $ref: 'UnsavedTest#' },
        response,
      },
    },
    async request => {
      const { payload, ...wanted } = request.body;
      return probe(options, await planUnsaved(options, callerOf(request), wanted), payload);
    },
  );
}

async function probe({ probe: send, self }: ApiOptions, webhook: Webhook, payload = '') {
  const result = await send({
    webhook,
    eventId: randomUUID(),
    ...(payload !== '' && { payload }),
  });
  return { ...result, from: self };
}

async function planSaved(
  { store, secretKey: key }: ApiOptions,
  caller: Caller,
  { id, secretKey, payloadUrl: wantedUrl, sslVerification: wanted }: SavedBody & IdParams,
): Promise<Webhook> {
  const database = databaseOf(store);
  const current = await requireWebhook(database, id, caller.territory);
  const owner = await requireAccount(database, current.accountId, everything);
  const { payloadUrl, sslVerification } = planWebhookChange(owner, valuesOf(current), {
    ...(wantedUrl !== undefined && { payloadUrl: wantedUrl }),
    ...(wanted !== undefined && { sslVerification: wanted }),
  });
  const [saved] = await loadWebhooksById(store, [id]);
  if (!saved) throw new ProblemError('not_found', 'The webhook was deleted at the same moment.');
  // A test is no change of a row. It is noted before it is made, so that none is made without a trace.
  await noteChange(database, caller, {
    action: 'webhook.tested',
    ...ofWebhook(current),
    after: { payloadUrl },
  });
  const secrets = secretKey === undefined ? (saved.secrets ?? []) : secretsOf(key, secretKey);
  return { ...saved, payloadUrl, sslVerification, secrets };
}

async function planUnsaved(
  { store, secretKey: key }: ApiOptions,
  caller: Caller,
  { secretKey, accountId, ...wanted }: Omit<UnsavedBody, 'payload'>,
): Promise<Webhook> {
  const database = databaseOf(store);
  const owner = await findOwner(database, caller, accountId);
  const values = planNewWebhook(owner, { ...wanted, name: 'test' });
  await noteChange(database, caller, {
    action: 'url.tested',
    objectId: values.payloadUrl,
    accountId: owner.id,
    domainId: owner.domainId,
  });
  return { ...picture(values), secrets: secretsOf(key, secretKey) };
}

const secretsOf = (key: Buffer, secretKey: string | null | undefined): WebhookSecret[] =>
  secretKey ? [{ sealed: seal(key, secretKey) }] : [];

/** A webhook as dispatch sees it, of what its row would be. */
function picture({ description: _description, ...values }: WebhookValues): Webhook {
  const { caCertificate, headers, body, msgKey, template, batch, ...others } = values;
  const { tries, timeoutMs, concurrencyMax, ratePerSecondMax, validation, ...plain } = others;
  return {
    ...plain,
    id: randomUUID(),
    filters: [],
    ...(caCertificate !== null && { caCertificate }),
    ...(headers !== null && { headers }),
    ...(body !== null && { body }),
    ...(msgKey !== null && { msgKey }),
    ...(template !== null && { template }),
    ...(batch !== null && { batch }),
    ...(tries !== null && { tries }),
    ...(timeoutMs !== null && { timeoutMs }),
    ...(concurrencyMax !== null && { concurrencyMax }),
    ...(ratePerSecondMax !== null && { ratePerSecondMax }),
    ...(validation !== null && { validation }),
  };
}
