/** Formats over REST: chosen, listed, previewed, and receivers asked before a webhook is enabled. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { deliveryId } from '../../src/event/id.ts';
import { joinProcess } from '../../src/store/record/lease.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { samples } from '../fixtures/cloudstack.ts';
import { cloudpodsRobot } from '../fixtures/sample-receivers.ts';
import { startReceiver } from '../service/receiver.ts';
import { newId, startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

const failed = samples.vmStartFailed.envelope;
let api: ApiUnderTest;
let processId: number;
beforeAll(async () => {
  api = await startApi();
  const lease = { host: 'test', pid: 1, ttlMs: 600_000, watermark: newId() };
  processId = await joinProcess(databaseOf(api.store), lease);
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
const make = (body: object) =>
  api.ask('POST', '/v1/webhooks', {
    name: 'hook',
    payloadUrl: `https://receiver.example/${(count += 1)}`,
    ...body,
  });

async function record(envelope: Envelope, owed: readonly string[] = []): Promise<string> {
  const id = newId();
  const event = { id, envelope, body: JSON.stringify(envelope), owed };
  const batch = { processId, source: 's', events: [event], quarantined: [] };
  await recordBatch(databaseOf(api.store), batch);
  return id;
}

describe('a webhook’s format', () => {
  it('is cloudstack unless another is chosen, and is shown with what is set for it', async () => {
    expect((await make({})).body).toMatchObject({
      format: 'cloudstack',
      body: null,
      msgKey: null,
      template: null,
      validation: null,
    });
    const wanted = { format: 'slack', body: { channel: '#ops' } };
    const { body: made } = await make(wanted);
    expect(made).toMatchObject(wanted);
    const changed = { format: 'cloudpods', body: null, msgKey: 'text', validation: 'none' };
    const answer = await api.ask('PATCH', `/v1/webhooks/${made.id}`, changed);
    expect(answer.body).toMatchObject(changed);
  });

  it.each<[object, string]>([
    [{ format: 'slakc' }, 'There is no format slakc; there are cloudstack, envelope'],
    [{ format: 'slack', msgKey: 'm' }, 'the format slack does not take msgKey.'],
    [
      { format: 'pagerduty' },
      "the format pagerduty needs secretKey: the integration's routing key, sent in the body.",
    ],
    [{ format: 'jira' }, 'the format jira needs body: fields of the issue'],
    [{ format: 'alertmanager', body: { team: 7 } }, 'body has labels, whose values are texts'],
  ])('%j is refused with the reason', async (wanted, reason) => {
    const { status, body } = await make(wanted);
    expect([status, body.code]).toEqual([400, 'format_invalid']);
    expect(body.detail).toContain(reason);
  });

  it('keeps the secret it needs', async () => {
    const { body } = await make({ format: 'pagerduty', secretKey: 'R0UTINGKEY' });
    const path = `/v1/webhooks/${body.id}`;
    expect((await api.ask('PATCH', path, { secretKey: null })).body.code).toBe('format_invalid');
    expect((await api.ask('PATCH', path, { name: 'n' })).status).toBe(200);
    const shown = [await api.ask('GET', path), await api.ask('GET', '/v1/webhooks?limit=500')];
    for (const { text } of shown) expect(text).not.toContain('R0UTINGKEY');
  });
});

describe('the formats', () => {
  it('are listed with the options they take', async () => {
    const { body } = await api.ask('GET', '/v1/formats');
    const named = (name: string) => body.items.find(item => Object(item).name === name);
    expect(named('cloudstack')).toMatchObject({ options: [] });
    expect(named('pagerduty')).toMatchObject({
      options: [
        { name: 'secretKey', required: true },
        { name: 'body', required: false },
      ],
    });
  });
});

describe('a preview', () => {
  it('shows the last events as they would be sent, newest first', async () => {
    const first = await record(failed);
    const second = await record({ ...failed, event: 'VM.STOP' });
    const { body } = await api.ask('POST', '/v1/preview', {
      format: 'standard-webhooks',
      limit: 2,
    });
    const shown = body.items.map(item => Object(item));
    expect(shown.map(({ eventId }) => eventId)).toEqual([second, first]);
    expect(JSON.parse(shown[1].body)).toMatchObject({ type: 'VM.START', data: { id: first } });
    expect(shown[1].headers).toMatchObject({ 'webhook-id': first });
    expect(shown[1].headers).not.toHaveProperty('webhook-signature');
  });

  it('takes from a webhook what it does not name, and shows neither secrets nor headers’ values', async () => {
    await record(failed);
    const { body: webhook } = await make({
      format: 'pagerduty',
      secretKey: 'R0UTINGKEY',
      headers: { Authorization: 'Bearer hunter2' },
      body: { client_url: 'https://here' },
    });
    const answer = await api.ask('POST', '/v1/preview', { webhookId: webhook.id, limit: 1 });
    expect(answer.text).not.toMatch(/R0UTINGKEY|hunter2/);
    const [item] = answer.body.items.map(one => Object(one));
    expect(JSON.parse(item.body)).toMatchObject({ routing_key: '***', client_url: 'https://here' });
    expect(item.headers).toMatchObject({ Authorization: '***' });
  });

  it('says of what a format has nothing to say', async () => {
    await record({ ...failed, status: 'Started', description: 'Starting' });
    const { body } = await api.ask('POST', '/v1/preview', { format: 'pagerduty', limit: 1 });
    expect(body.items[0]).toMatchObject({ skipped: 'nothing failed, and nothing warns' });
  });

  it('refuses what a webhook would be refused for', async () => {
    const answer = await api.ask('POST', '/v1/preview', { format: 'slack', msgKey: 'x' });
    expect([answer.status, answer.body.code]).toEqual([400, 'format_invalid']);
    const unknown = await api.ask('POST', '/v1/preview', { webhookId: newId() });
    expect(unknown.body.code).toBe('not_found');
  });
});

describe('a delivery', () => {
  it('is shown in its webhook’s format', async () => {
    const { body: webhook } = await make({ format: 'pagerduty', secretKey: 'R0UTINGKEY' });
    const eventId = await record(failed, [webhook.id]);
    const outcome = { eventId, webhookId: webhook.id, tries: 1, state: 'delivered' } as const;
    await insertOutcomes(databaseOf(api.store), [outcome]);
    const answer = await api.ask('GET', `/v1/deliveries/${deliveryId(eventId, webhook.id)}`);
    expect(answer.text).not.toContain('R0UTINGKEY');
    const { requestBody } = Object(answer.body);
    expect(JSON.parse(requestBody)).toMatchObject({ routing_key: '***', event_action: 'trigger' });
  });
});

describe('a receiver', () => {
  it('of Cloudpods’ robots is validated before its webhook is made, with the signature and all', async () => {
    await using receiver = await startReceiver();
    const robot = cloudpodsRobot('s3cret');
    receiver.answerWith(robot.answer);
    const wanted = { format: 'cloudpods', payloadUrl: receiver.url };
    const refused = await make({ ...wanted, secretKey: 'wrong' });
    expect([refused.status, refused.body.code]).toEqual([422, 'receiver_not_validated']);
    expect(refused.body.detail).toBe(
      'The receiver answered 401; expected 200. Nothing was changed; with state Disabled the receiver is not asked.',
    );
    expect((await make({ ...wanted, secretKey: 's3cret' })).status).toBe(201);
    expect(robot.seen).toEqual(['VALIDATE This is a validate message.']);
  });

  it('is asked again only when what it answered for changes, or the webhook is enabled', async () => {
    await using receiver = await startReceiver();
    const facts = { format: 'cloudpods', payloadUrl: receiver.url, state: 'Disabled' };
    const { body } = await make(facts);
    expect(receiver.total()).toBe(0);
    const change = (wanted: object) => api.ask('PATCH', `/v1/webhooks/${body.id}`, wanted);
    expect((await change({ state: 'Enabled' })).status).toBe(200);
    expect(receiver.total()).toBe(1);
    await change({ name: 'n', tries: 2 });
    expect(receiver.total()).toBe(1);
    receiver.answerWith({ status: 500 });
    const answer = await change({ body: { channel: 'c' } });
    expect(answer.body.code).toBe('receiver_not_validated');
    expect((await api.ask('GET', `/v1/webhooks/${body.id}`)).body).toMatchObject({ body: null });
    expect((await change({ state: 'Disabled', body: { channel: 'c' } })).status).toBe(200);
    expect((await change({ validation: 'none', state: 'Enabled' })).status).toBe(200);
    expect(receiver.total()).toBe(2);
  });

  it('of CloudEvents consents to an OPTIONS request by naming the origin, whatever its status', async () => {
    await using receiver = await startReceiver();
    const wanted = {
      format: 'cloudevents',
      payloadUrl: `${receiver.url}a?b=1`,
      validation: 'options',
    };
    const silent = await make(wanted);
    expect(silent.body.detail).toContain(
      'has no WebHook-Allowed-Origin; expected hookline.example or *.',
    );
    receiver.answerWith({ headers: { 'WebHook-Allowed-Origin': 'elsewhere.example' } });
    expect((await make(wanted)).body.detail).toContain('allows elsewhere.example; expected');
    receiver.answerWith({ status: 405, headers: { 'WebHook-Allowed-Origin': 'hookline.example' } });
    expect((await make(wanted)).status).toBe(201);
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'OPTIONS', path: '/a?b=1' });
    expect(request?.headers).toMatchObject({ 'webhook-request-origin': 'hookline.example' });
    expect(request?.headers).not.toHaveProperty('webhook-id');
  });

  it('is not asked past the egress guard', async () => {
    const wanted = { format: 'cloudpods', payloadUrl: 'http://169.254.169.254/' };
    const answer = await make(wanted);
    expect(answer.body).toMatchObject({ code: 'receiver_not_validated' });
    expect(answer.body.detail).toContain('169.254.169.254');
  });
});
