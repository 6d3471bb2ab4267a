/** Ids beyond 2^53, in whatever format they come, and wherever templates and expressions look at them. */
import { expect, it } from 'vitest';

import { createMatchIndex } from '../../src/match/match-index.ts';
import { createPostedNormalizer } from '../../src/normalize/posted.ts';
import { builtInScrubber } from '../../src/normalize/scrub/scrub.ts';
import { viewOf } from '../../src/render/view.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { readEvents } from '../fixtures/read-events.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const id = '9007199254740993';
const now = (): number => nowMs;

it('are kept of a posted event', () => {
  const normalize = createPostedNormalizer({
    now,
    alarmTtlMs: 60_000,
    mapping: {},
    showPayload: false,
    keepAudit: false,
    scrubber: builtInScrubber,
    bus: 'http',
  });
  const body = `{"event":"e","account":${id},"entityuuid":${id},"id":${id},"details":{"n":${id}}}`;
  expect(normalize(messageFrom({ body }))).toEqual([
    { envelope: { event: 'e', entityuuid: id, account: id, details: { n: id } }, key: id },
  ]);
});

it.each([
  ['in its attributes and its data', `"data":{"tenant":${id}}`],
  ['in data in base64', `"data_base64":"${Buffer.from(`{"tenant":${id}}`).toString('base64')}"`],
])('are kept of a CloudEvent, %s', (_, data) => {
  const body = `{"specversion":"1.0","id":${id},"source":"s","type":"t",${data}}`;
  const mapping = { account: '/data/tenant' };
  const [event] = readEvents('cloudevents', { now, mapping })(messageFrom({ body }));
  expect(event).toMatchObject({
    key: `["s","${id}"]`,
    envelope: { account: id, details: { data: { tenant: id } } },
  });
});

it('are kept of a notification of oslo.messaging, and of a payload that is text', () => {
  const payload = JSON.stringify(`{"tenant_id":${id},"id":"x"}`);
  const inner = `{"event_type":"thing.create.end","message_id":"m","publisher_id":"p","priority":"INFO","payload":${payload},"_context_project_id":${id}}`;
  const body = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': inner });
  const [event] = readEvents('openstack', { now, mapping: { user: '/payload/tenant_id' } })(
    messageFrom({ body }),
  );
  expect(event?.envelope).toMatchObject({ project: id, user: id });
});

it('are the text of their digits to a template', () => {
  const envelope = { event: 'e' };
  expect(viewOf({ id: 'i', envelope, body: `{"n":${id}}` })['original']).toEqual({ n: id });
});

it('are told apart by an expression', () => {
  const index = createMatchIndex();
  const value = `original.n = "${id}"`;
  const filter = { mode: 'Include', type: 'Expression', matchType: 'Exact', value } as const;
  index.upsertWebhook(webhookOf({ filters: [filter] }));
  const matched = (digits: string) => index.match({ event: 'e' }, `{"n":${digits}}`).length;
  expect([matched(id), matched('9007199254740992')]).toEqual([1, 0]);
});
