/** Deliveries in every format: from the rows of the database to receivers that know nothing of Hookline. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { orderEnvelope } from '../../src/event/envelope.ts';
import type { Envelope } from '../../src/event/envelope.ts';
import { listFormats } from '../../src/format/formats.ts';
import { databaseOf } from '../../src/store/database.ts';
import { insertOutcomes } from '../../src/store/delivery/outcome.ts';
import { recordBatch } from '../../src/store/record/record-batch.ts';
import { samples } from '../fixtures/cloudstack.ts';
import { sampleEvents } from '../fixtures/format-events.ts';
import {
  cloudpodsRobot,
  monascaScript,
  opsgenieAlerts,
  pagerDutyService,
  xenOrchestraLog,
  type SampleReceiver,
} from '../fixtures/sample-receivers.ts';
import { startReceiver, type Receiver } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openDispatchHarness, type DispatchHarness } from './dispatch-harness.ts';
import { claimNow, newId, openRecordHarness, type RecordHarness } from './record-harness.ts';

const failed = samples.vmStartFailed.envelope;
const done: Envelope = { ...failed, description: 'Successfully started VM' };
const begun: Envelope = { ...done, status: 'Started', eventDateTime: '2024-07-10T08:05:06.250Z' };

/** Records the event, owed to the webhook and due at once. @returns its id. */
async function owe(records: RecordHarness, webhookId: string, envelope: Envelope): Promise<string> {
  const id = newId();
  const event = { id, envelope, body: JSON.stringify(envelope), owed: [webhookId] };
  const { store, processId } = records;
  const batch = { processId, source: 's', events: [event], quarantined: [] };
  await recordBatch(databaseOf(store), batch);
  const due = { state: 'pending', tries: 0, nextAttemptAtMs: Date.now() } as const;
  await insertOutcomes(databaseOf(store), [{ eventId: id, webhookId, ...due }]);
  await records.rows(`select pg_notify('hookline', 'due')`);
  return id;
}

describe('a claim', () => {
  it('brings the envelope of every cloud’s events as it was, and none where the format does without', async () => {
    await using records = await openRecordHarness();
    const { store, processId } = records;
    await records.rows(`insert into domain (id, name, parent_id) values ('root', 'ROOT', null)`);
    await records.rows(`insert into account (id, name, domain_id) values ('a', 'a', 'root')`);
    const [one, other] = await records.rows<{ id: string }>(`insert into webhook
      (name, account_id, domain_id, payload_url, format) values
      ('w', 'a', 'root', 'http://r/1', 'envelope'), ('w', 'a', 'root', 'http://r/2', 'cloudstack') returning id`);
    if (!one || !other) throw new RangeError('two webhooks were made');
    const expected = new Map<string, Envelope>();
    for (const { envelope } of sampleEvents) {
      expected.set(await owe(records, one.id, envelope), envelope);
    }
    await owe(records, other.id, failed);
    const claimed = await claimNow(store, processId, [
      { webhookId: one.id, room: 1_000 },
      { webhookId: other.id, room: 1 },
    ]);
    expect(claimed).toHaveLength(sampleEvents.length + 1);
    for (const { eventId, webhookId, envelope } of claimed) {
      const original = expected.get(eventId);
      expect(webhookId === one.id ? envelope && orderEnvelope(envelope) : envelope).toEqual(
        original ? orderEnvelope(original) : null,
      );
      expect(JSON.stringify(envelope && orderEnvelope(envelope))).toBe(
        JSON.stringify(original ? orderEnvelope(original) : null),
      );
    }
  });
});

describe('a delivery', () => {
  let harness: DispatchHarness;
  beforeAll(async () => {
    harness = await openDispatchHarness();
    await harness.start({ HOOKLINE_HTTP_PUBLIC_URL: 'https://hookline.example:8443/x' });
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  const deliver = async (id: string, envelope: Envelope, ...states: string[]) =>
    harness.settled(await owe(harness.records, id, envelope), ...states);

  async function inFrontOf<T>(
    receiver: Receiver,
    sample: SampleReceiver<T>,
    format: string,
    { path = '', secret, columns = {} }: { path?: string; secret?: string; columns?: object } = {},
  ): Promise<string> {
    receiver.answerWith(sample.answer);
    const facts = { format, ...(secret !== undefined && { secret }) };
    const id = await harness.webhook(receiver.url + path, facts);
    for (const [column, value] of Object.entries(columns)) {
      await harness.records.rows(`update webhook set ${column} = '${value}' where id = '${id}'`);
    }
    return id;
  }

  it('reaches a script written for Monasca', async () => {
    await using receiver = await startReceiver();
    const script = monascaScript();
    const id = await inFrontOf(receiver, script, 'monasca');
    await deliver(id, failed, 'delivered');
    expect(script.seen.get(failed.entityuuid)).toBe('VM.START ALARM 2024-07-10T08:05:07.000Z');
    await deliver(id, done, 'delivered');
    expect(script.seen.get(failed.entityuuid)).toContain('VM.START OK');
  });

  it('reaches a robot’s receiver written for Cloudpods, signature and fields of its own included', async () => {
    await using receiver = await startReceiver();
    const robot = cloudpodsRobot('s3cret');
    const columns = { body: '{"channel":"ops"}' };
    const id = await inFrontOf(receiver, robot, 'cloudpods', { secret: 's3cret', columns });
    await deliver(id, failed, 'delivered');
    expect(robot.seen).toEqual([`SERVER/START/FAILED ${failed.entityuuid} ops`]);
  });

  it('reaches a receiver written for Xen Orchestra’s web-hooks', async () => {
    await using receiver = await startReceiver();
    const log = xenOrchestraLog();
    const id = await inFrontOf(receiver, log, 'xen-orchestra');
    await deliver(id, begun, 'delivered');
    await deliver(id, done, 'delivered');
    await deliver(id, failed, 'delivered');
    expect(log.seen).toEqual([
      `${done.user} vm.start ok after 750 ms`,
      `${done.user} vm.start failed after 750 ms`,
    ]);
  });

  it('opens an incident of PagerDuty and closes it, and says nothing of what is under way', async () => {
    await using receiver = await startReceiver();
    const service = pagerDutyService('R0UTINGKEY');
    const id = await inFrontOf(receiver, service, 'pagerduty', { secret: 'R0UTINGKEY' });
    const skipped = await deliver(id, begun, 'cancelled');
    expect(skipped).toMatchObject({ tries: 0, error: 'nothing failed, and nothing warns' });
    await deliver(id, failed, 'delivered');
    expect([...service.seen.values()]).toEqual([`error: VM.START failed: ${failed.description}`]);
    await deliver(id, done, 'delivered');
    expect(service.seen.size).toBe(0);
    expect(receiver.total()).toBe(2);
  });

  it('opens an alert of Opsgenie and closes it at the path that names it', async () => {
    await using receiver = await startReceiver();
    const alerts = opsgenieAlerts('G3NIE');
    const id = await inFrontOf(receiver, alerts, 'opsgenie', {
      secret: 'G3NIE',
      path: 'v2/alerts',
    });
    await deliver(id, failed, 'delivered');
    expect([...alerts.seen.values()]).toEqual(['P2 VM.START failed']);
    await deliver(id, done, 'delivered');
    expect(alerts.seen.size).toBe(0);
  });

  it('has the same body and id on every try', async () => {
    await using receiver = await startReceiver();
    const id = await harness.webhook(receiver.url, { format: 'cloudevents', tries: 3 });
    receiver.answerWith(() => ({ status: receiver.total() < 3 ? 503 : 200 }));
    await deliver(id, { ...failed, details: { b: 1, a: { d: [1], c: 'x' } } }, 'delivered');
    const bodies = receiver.requests.map(({ body }) => body.toString());
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('names its origin where the receiver consented to one', async () => {
    await using receiver = await startReceiver();
    const id = await harness.webhook(receiver.url, { format: 'cloudevents' });
    await harness.records.rows(`update webhook set validation = 'options' where id = '${id}'`);
    await deliver(id, failed, 'delivered');
    expect(receiver.requests[0]?.headers['webhook-request-origin']).toBe('hookline.example');
  });

  it('waits, and says why, while plain SQL has it in a format that there is not', async () => {
    await using receiver = await startReceiver();
    const id = await harness.webhook(receiver.url, { format: 'slakc' });
    const eventId = await owe(harness.records, id, failed);
    const error = await waitUntil('the reason', async () => {
      const row = await harness.delivery(eventId);
      return row.state === 'pending' && (row.error ?? false);
    });
    expect(error).toContain('there is no format slakc; expected one of cloudstack, envelope');
  });

  it('in every format is accepted by a receiver that looks', async () => {
    await using receiver = await startReceiver();
    receiver.answerWith(({ headers, body, method }) => {
      const isWhole = Number(headers['content-length']) === body.length && body.length > 0;
      return { status: isWhole && method === 'POST' && headers['webhook-id'] ? 200 : 400 };
    });
    const owed = [...listFormats().values()].map(async ({ name, takes }) => {
      const id = await harness.webhook(receiver.url + name, {
        format: name,
        ...(takes.secretKey !== undefined && { secret: 'KEY' }),
      });
      if (name === 'jira') {
        const body = '{"project":{"key":"OPS"}}';
        await harness.records.rows(`update webhook set body = '${body}' where id = '${id}'`);
      }
      const { status, tries } = await deliver(id, failed, 'delivered', 'failed');
      return { name, status, tries };
    });
    const ended = await Promise.all(owed);
    expect(ended).toEqual([...listFormats().keys()].map(name => ({ name, status: 200, tries: 1 })));
  });
});
