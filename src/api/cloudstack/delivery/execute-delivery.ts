/**
 * `executeWebhookDelivery`: redelivers a delivery, or makes a test delivery to a webhook, saved or not.
 *
 * Source: reference "CloudStack" sections 1.3 and 1.9; apache/cloudstack, WebhookApiServiceImpl.executeWebhookDelivery.
 */
import { randomUUID } from 'node:crypto';

import type { Webhook } from '../../../webhook/webhook.ts';
import { findNamedDelivery } from '../../../store/delivery/list-by-page.ts';
import { databaseOf } from '../../../store/database.ts';
import { findDelivery } from '../../../store/delivery/delivery.ts';
import { findWebhook } from '../../../store/webhook/webhook.ts';
import type { TestResult } from '../../context.ts';
import { sendTest } from '../../webhook/send-test.ts';
import { planSaved, planUnsaved } from '../../webhook/plan-test.ts';
import { redeliver } from '../../delivery/redeliver.ts';
import { normalizePayloadUrl } from '../../../webhook/plan-webhook.ts';
import { writeInstant } from '../request/answer.ts';
import type { Fields } from '../request/answer.ts';
import type { Arguments } from '../request/arguments.ts';
import { invalidValue } from '../request/command-error.ts';
import type { Call, CommandFunction } from '../context.ts';
import { writeFailure, writeHeaders } from '../webhook/objects.ts';
import { presentDeliveries } from './present-deliveries.ts';

export const executeWebhookDelivery: CommandFunction = async call => {
  const { args } = call;
  const [id, webhookId] = [args.text('id'), args.text('webhookid')];
  const payloadUrl = readUrl(args);
  if (id === undefined && webhookId === undefined && payloadUrl === undefined) {
    throw invalidValue('One of the id, webhookid or payloadurl must be specified');
  }
  if (id !== undefined && webhookId !== undefined) {
    throw invalidValue('Only one of the id or webhookid can be specified');
  }
  if (id !== undefined && payloadUrl !== undefined) {
    throw invalidValue('id cannot be specified with webhookid or payloadurl');
  }
  if (id !== undefined) return { webhookdelivery: await redeliverAndWait(call, id) };
  const webhook =
    webhookId === undefined
      ? await planUnsavedTest(call, payloadUrl ?? '')
      : await planSavedTest(call, webhookId, payloadUrl);
  return { webhookdelivery: await test(call, webhook) };
};

async function redeliverAndWait({ options, caller }: Call, id: string): Promise<Fields> {
  const database = databaseOf(options.store);
  if (!(await findDelivery(database, id, caller.visibility))) {
    throw invalidValue('Invalid webhook delivery specified');
  }
  const created = await redeliver(options, id, caller);
  await options.firstAttempts.wait(caller, created.id);
  const delivery = await findNamedDelivery(database, created.id);
  if (!delivery) throw invalidValue('Invalid webhook delivery specified');
  const waiting = { response: 'The delivery is still waiting for its first attempt' };
  const [fields] = await presentDeliveries(options, [delivery]);
  return { ...fields, ...(delivery.startedAt === null && waiting) };
}

async function test({ options, args, caller }: Call, webhook: Webhook): Promise<Fields> {
  const eventId = randomUUID();
  const payload = args.text('payload') ?? '';
  const outcome = await sendTest(options, caller, {
    webhook,
    eventId,
    ...(payload.trim() !== '' && { payload }),
  });
  const { request, timing } = outcome;
  return {
    id: randomUUID(),
    eventtype: 'TEST.WEBHOOK',
    webhookid: webhook.id,
    webhookname: webhook.name,
    headers: request && writeHeaders(request.headers, request.body),
    payload: request?.body,
    success: outcome.diagnosis.code === 'delivered',
    response: responseOf(outcome),
    startdate: timing && writeInstant(timing.startedAt),
    enddate: timing && writeInstant(endOf(timing)),
  };
}

const responseOf = ({ response, diagnosis }: TestResult): string | undefined =>
  response ? response.body : writeFailure(diagnosis.text);

const endOf = ({ startedAt, totalMs }: NonNullable<TestResult['timing']>): string =>
  new Date(Date.parse(startedAt) + totalMs).toISOString();

/** The parameters that replace settings of the webhook. */
function readSigned(args: Arguments) {
  const [secretKey, sslVerification] = [args.text('secretkey') ?? '', args.flag('sslverification')];
  return {
    ...(secretKey.trim() !== '' && { secretKey }),
    ...(sslVerification !== undefined && { sslVerification }),
  };
}

async function planSavedTest(
  { options, caller, args }: Call,
  id: string,
  payloadUrl: string | undefined,
): Promise<Webhook> {
  if (!(await findWebhook(databaseOf(options.store), id, caller.visibility))) {
    throw invalidValue('Invalid webhook specified');
  }
  const wanted = { id, ...readSigned(args), ...(payloadUrl !== undefined && { payloadUrl }) };
  return planSaved(options, caller, wanted);
}

/** The unsaved webhook, with CloudStack's name for it. */
async function planUnsavedTest(
  { options, caller, args }: Call,
  payloadUrl: string,
): Promise<Webhook> {
  const webhook = await planUnsaved(options, caller, { payloadUrl, ...readSigned(args) });
  return { ...webhook, name: 'Test' };
}

/** @throws {ProblemError} payload_url_invalid */
function readUrl(args: Arguments): string | undefined {
  const given = args.text('payloadurl');
  return given === undefined || given.trim() === '' ? undefined : normalizePayloadUrl(given);
}
