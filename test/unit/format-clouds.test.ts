/** The formats of clouds and standards, held against the programs and decoders that read them. */
import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import type { Message } from '../../src/event/message.ts';
import { attemptHeaders } from '../../src/format/format.ts';
import { createCloudpodsNormalizer } from '../../src/normalize/cloud/cloudpods.ts';
import { createMonascaNormalizer } from '../../src/normalize/cloud/monasca.ts';
import type { NormalizerOptions } from '../../src/normalize/normalizer.ts';
import { builtInScrubber } from '../../src/normalize/scrub/scrub.ts';
import { createXenOrchestraNormalizer } from '../../src/normalize/cloud/xen-orchestra.ts';
import { nowMs } from '../fixtures/cloud.ts';
import { samples } from '../fixtures/cloudstack.ts';
import { eventOf, sampleEvents } from '../fixtures/format-events.ts';
import { readEventsBy } from '../fixtures/read-events.ts';
import { pairsOf, rendered, said } from '../fixtures/rendered.ts';

const failed = eventOf('failed', samples.vmStartFailed.envelope);
const normalizing: NormalizerOptions = {
  scrubber: builtInScrubber,
  bus: 'http',
  keepAudit: false,
  showPayload: false,
  mapping: {},
  alarmTtlMs: 0,
  now: () => nowMs,
};

function ofCloud(source: string): readonly (typeof sampleEvents)[number][] {
  return sampleEvents.filter(({ envelope }) => envelope.source === source);
}

function messageOf(name: string, event: (typeof sampleEvents)[number]): Message {
  const form = rendered(name, event);
  const headers = Object.fromEntries(
    Object.entries(pairsOf(form.headers)).map(([key, value]) => [key.toLowerCase(), value]),
  );
  return { position: 'p', body: form.body, headers, redelivered: false };
}

describe('cloudevents', () => {
  it.each(['cloudevents', 'cloudevents-binary'])(
    '%s is read by the CloudEvents SDK as what it was, for the events of every cloud',
    name => {
      expect(sampleEvents.length).toBeGreaterThan(60);
      for (const event of sampleEvents) {
        const form = rendered(name, event);
        const headers = pairsOf(attemptHeaders(form, 0));
        const read = HTTP.toEvent({ headers, body: form.body.toString() });
        if (!(read instanceof CloudEvent)) throw new TypeError('one event was read');
        expect(read.validate()).toBe(true);
        expect(read).toMatchObject({
          id: event.id,
          specversion: '1.0',
          data: { id: event.id, event: event.envelope.event },
        });
        // The SDK leaves to its callers what binary mode has percent-encoded.
        const { subject } = read;
        const spelled = name === 'cloudevents' || subject === undefined;
        expect(spelled ? subject : decodeURIComponent(subject)).toBe(event.envelope.entityuuid);
      }
    },
  );

  it.each<[Envelope, string, string]>([
    [
      samples.vmStartFailed.envelope,
      'org.apache.cloudstack.VM.START',
      '/cloudstack/management-server',
    ],
    [
      { event: 'compute.instance.create.end', source: 'nova' },
      'org.openstack.compute.instance.create.end',
      '/openstack/nova',
    ],
    [
      { event: 's3:ObjectCreated:Put', source: 'minio' },
      'com.amazonaws.s3.ObjectCreated:Put',
      '/s3/minio',
    ],
    [
      { event: 'com/vmware/vcloud/event/vm/create', source: 'vcd' },
      'com.vmware.vcloud.event.vm.create',
      '/vcd/vcd',
    ],
    [{ event: 'invoice.paid', source: 'my bus' }, 'cloud.invoice.paid', '/cloud/my%20bus'],
  ])('name %j by a reversed domain, and its source as a URI', (envelope, type, source) => {
    expect(said('cloudevents', eventOf('e', envelope))).toMatchObject({ type, source });
  });

  it('say how bad it is by the severity extension', () => {
    expect(said('cloudevents', failed)).toMatchObject({
      severitytext: 'ERROR',
      severitynumber: 17,
    });
  });

  it('in headers spell what HTTP cannot carry in percent-encoded UTF-8', () => {
    const event = eventOf('e', { event: 'größe "x" 100%', entityuuid: 'a b' });
    expect(pairsOf(rendered('cloudevents-binary', event).headers)).toMatchObject({
      'ce-type': 'cloud.gr%C3%B6%C3%9Fe%20%22x%22%20100%25',
      'ce-subject': 'a%20b',
    });
  });
});

describe('standard-webhooks', () => {
  it('has type, timestamp and data', () => {
    const { event, eventDateTime } = failed.envelope;
    expect(said('standard-webhooks', failed)).toEqual({
      type: event,
      timestamp: eventDateTime,
      data: { id: failed.id, ...failed.envelope },
    });
  });

  it('takes the time of recording where the cloud tells none', () => {
    const event = eventOf('e', { event: 'E' });
    expect(said('standard-webhooks', event)).toMatchObject({
      timestamp: '2026-11-21T10:00:00.000Z',
    });
  });
});

describe('monasca', () => {
  it('has the ten keys and no other, whatever the cloud', () => {
    const keys = [
      'alarm_id',
      'alarm_definition_id',
      'alarm_name',
      'alarm_description',
      'alarm_timestamp',
      'state',
      'old_state',
      'message',
      'tenant_id',
      'metrics',
    ];
    for (const event of sampleEvents) {
      expect(Object.keys(Object(said('monasca', event)))).toEqual(keys);
    }
  });

  it('is an alarm that its own decoder reads as the one that came', () => {
    const read = readEventsBy(createMonascaNormalizer(normalizing));
    const alarms = ofCloud('monasca').filter(({ envelope }) => envelope.entity === 'Alarm');
    expect(alarms.length).toBeGreaterThan(2);
    for (const event of alarms) {
      const [again] = read(messageOf('monasca', event));
      const { event: name, entityuuid, account, status, description } = event.envelope;
      expect(again?.envelope).toMatchObject({ event: name, entityuuid, account, status });
      expect(again?.envelope.description).toBe(description);
      const { eventDateTime = '' } = event.envelope;
      expect(again?.envelope.eventDateTime).toBe(`${eventDateTime.slice(0, 19)}.000Z`);
    }
  });

  it('tells of another cloud’s failure as an alarm', () => {
    expect(said('monasca', failed)).toMatchObject({
      alarm_id: failed.envelope.entityuuid,
      alarm_name: 'VM.START',
      alarm_description: 'VM.START failed',
      alarm_timestamp: Date.parse('2024-07-10T08:05:07Z') / 1_000,
      state: 'ALARM',
      tenant_id: failed.envelope.account,
    });
  });
});

describe('cloudpods', () => {
  const [created] = ofCloud('cloudpods');
  if (!created) throw new RangeError('there is a sample of Cloudpods');

  it('repeats the message as text under msgKey, and lets the webhook’s fields win over both', () => {
    const plain = said('cloudpods', created);
    const { Msg, ...message } = Object(plain);
    expect(JSON.parse(Msg)).toEqual(message);
    expect(said('cloudpods', created, { msgKey: 'text' })).toEqual({ ...message, text: Msg });
    const body = { Msg: 'mine', action: 'mine', channel: 'c' };
    expect(said('cloudpods', created, { body })).toEqual({ ...message, ...body });
  });

  it('is read by its own decoder as the event that came', () => {
    const read = readEventsBy(createCloudpodsNormalizer(normalizing));
    const events = ofCloud('cloudpods').filter(({ envelope }) => envelope.entityuuid);
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) {
      const [again] = read(messageOf('cloudpods', event));
      const { details: _, ...facts } = event.envelope;
      expect(again?.envelope).toMatchObject(facts);
    }
  });

  it('is signed in hex, after the webhook’s own headers, which may rename the event', () => {
    const form = rendered('cloudpods', created);
    const signer = { sign: () => 'signed', signStandard: () => 'v1,x' };
    const own = ['X-Yunion-Event', 'MINE', 'X-Auth-Token', 'stolen', 'X-More', '1'];
    const headers = attemptHeaders(form, 0, signer, own);
    expect(headers.filter(part => /^x-(yunion|auth|more)/i.test(part))).toHaveLength(3);
    expect(pairsOf(headers)).toMatchObject({
      'X-Yunion-Event': 'MINE',
      'X-Auth-Token': 'signed',
      'X-More': '1',
    });
    expect(form.signature?.encoding).toBe('hex');
    expect(pairsOf(attemptHeaders(form, 0, undefined, own))['X-Auth-Token']).toBe('stolen');
  });

  it.each<[Envelope, string]>([
    [samples.vmStartFailed.envelope, 'SERVER/START/FAILED'],
    [
      { event: 'compute.instance.create.end', entity: 'instance', status: 'Completed' },
      'SERVER/CREATE',
    ],
    [{ event: 'image.activate', entity: 'image', status: 'Completed' }, 'IMAGE/ACTIVATE'],
    [{ event: 'login' }, 'RESOURCE/LOGIN'],
  ])('names the event of %j as Cloudpods would', (envelope, name) => {
    const headers = pairsOf(rendered('cloudpods', eventOf('e', envelope)).headers);
    expect(headers['X-Yunion-Event']).toBe(name);
  });

  it('says nothing of what has only begun, for its receivers take it for done', () => {
    const begun = eventOf('e', { event: 'VM.START', status: 'Started' });
    expect(rendered('cloudpods', begun).skip).toContain('under way');
  });

  it('as text says what happened and to what', () => {
    const text = rendered('cloudpods-text', failed).body.toString();
    expect(text.split('\n').slice(0, 3)).toEqual([
      'VM.START failed',
      failed.envelope.description,
      `Entity: VirtualMachine ${failed.envelope.entityuuid}`,
    ]);
  });
});

describe('xen-orchestra', () => {
  it('is read by its own decoder as the call that came', () => {
    const read = readEventsBy(createXenOrchestraNormalizer(normalizing));
    const calls = ofCloud('xen-orchestra');
    expect(calls.length).toBeGreaterThan(3);
    for (const event of calls) {
      const [again] = read(messageOf('xen-orchestra', event));
      const { event: name, entity, entityuuid, user, status, eventDateTime } = event.envelope;
      expect(again?.envelope).toMatchObject({
        event: name,
        entity,
        user,
        status,
        ...(eventDateTime !== undefined && { eventDateTime }),
        ...(entityuuid !== undefined && { entityuuid }),
      });
    }
  });

  it('tells the beginning of an action as pre and its end as post, under one callId', () => {
    const { envelope } = failed;
    const pre = said(
      'xen-orchestra',
      eventOf('e', { ...envelope, status: 'Started', description: '' }),
    );
    const post = said('xen-orchestra', failed);
    const { callId } = Object(pre);
    expect(callId).toMatch(/^[0-9a-z]{11}$/);
    expect(pre).toMatchObject({
      type: 'pre',
      method: 'vm.start',
      params: { id: envelope.entityuuid },
    });
    expect(pre).not.toHaveProperty('result');
    expect(post).toMatchObject({ type: 'post', callId, error: { message: envelope.description } });
    expect(post).not.toHaveProperty('result');
  });

  it('has a result where the action went well', () => {
    const done = { event: 'VM.CREATE', entityuuid: 'u', status: 'Completed' };
    expect(said('xen-orchestra', eventOf('e', { ...done, event: 'VM.STOP' }))).toMatchObject({
      result: true,
    });
    expect(said('xen-orchestra', eventOf('e', { ...done, event: 'vm.create' }))).toMatchObject({
      result: 'u',
    });
  });
});
