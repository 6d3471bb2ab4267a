import { describe, expect, it } from 'vitest';

import { MalformedMessageError } from '../../src/event/errors.ts';
import type { NormalizableFormat } from '../../src/normalize/source-formats.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { monascaSamples } from '../fixtures/monasca.ts';
import { readEvents } from '../fixtures/read-events.ts';

const now = (): number => nowMs;
const read = (format: NormalizableFormat, body: string | null, headers?: Record<string, string>) =>
  readEvents(format, { now })(messageFrom({ body, ...(headers && { headers }) }));
const event = { specversion: '1.0', id: '1', source: '/s', type: 't' };

const record = (key: string, eventSource = 'minio:s3') =>
  JSON.stringify({
    Records: [
      {
        eventSource,
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: 'b' }, object: { key } },
      },
    ],
  });

describe('what can never be understood is refused with its reason', () => {
  it.each<[NormalizableFormat, string, string]>([
    [
      'monasca',
      '{"alarm-transitioned":{}}',
      '"alarm-transitioned" lacks a fact; expected the texts "tenantId", "alarmId" and "newState", the number "timestamp" and the boolean "actionsEnabled"',
    ],
    [
      'monasca',
      '{"alarm-sung":{}}',
      'the body is no Monasca event; expected one object under "alarm-transitioned", "alarm-created" or the like, or the ten keys of its webhook, "alarm_id" and "state" among them',
    ],
    [
      'vcd',
      '{}',
      'there is no "type" in the body and no header "notification.type"; expected the event type as text',
    ],
    [
      'vcd',
      '<a/>',
      'the body is XML and there is no header "notification.type"; expected the header, or JSON',
    ],
    ['s3', '{}', 'there is no "Records" in the body; expected a list'],
    ['s3', '{"Records":[7]}', 'the record is no JSON object; expected one'],
    [
      's3',
      '{"Records":[{"eventName":"a"}]}',
      'the record has no "eventName" or no "s3.bucket.name"; expected both as text',
    ],
    [
      's3',
      JSON.stringify({ Records: Array.from({ length: 1_001 }, () => 0) }),
      'the message tells of 1001 events; expected at most 1000',
    ],
    [
      'cloudevents',
      '7',
      'there are no CloudEvents headers, and it is no JSON object; expected a CloudEvent',
    ],
    [
      'cloudevents',
      '[7]',
      'there are no CloudEvents headers, and it is no JSON object; expected a CloudEvent',
    ],
    [
      'cloudevents',
      '{"specversion":"1.0","id":"1"}',
      'the attribute source, type is missing; expected a CloudEvent with id, source, specversion and type',
    ],
    [
      'cloudevents',
      JSON.stringify({ ...event, specversion: '0.3' }),
      '"specversion" is not 1.0; expected version 1.0 of CloudEvents',
    ],
    ['xen-orchestra', '{}', 'there is no "method" in the body; expected it as text'],
    [
      'xen-orchestra',
      '{"method":"vm.start"}',
      '"type" is neither "pre" nor "post"; expected one of them',
    ],
    [
      'cloudpods',
      '{"action":"create"}',
      'there is no header "X-Yunion-Event", and no "resource_type" and "action" in the body; expected either',
    ],
    ['alertmanager', '{}', 'there is no "alerts" in the body; expected a list'],
    ['alertmanager', '{"alerts":[null]}', 'the alert is no JSON object; expected one'],
    [
      'alertmanager',
      '{"alerts":[{"labels":{"alertname":"a"},"status":"odd"}]}',
      'the "status" of the alert is neither firing nor resolved; expected one of them',
    ],
  ])('by %s: %s', (format, body, reason) => {
    expect(() => read(format, body)).toThrow(new MalformedMessageError(reason));
  });

  it('by Cloudpods also a text that is none', () => {
    const message = {
      ...messageFrom({ body: '' }),
      body: Buffer.from([0xff]),
      headers: { 'x-yunion-event': 'A/B' },
    };
    expect(() => readEvents('cloudpods', { now })(message)).toThrow(
      'the body is neither JSON nor UTF-8',
    );
  });
});

describe('Monasca', () => {
  it('keeps alarms however old when the operator says so', () => {
    const normalize = readEvents('monasca', { now, alarmTtlMs: 0 });
    expect(normalize(messageFrom(monascaSamples.stale))).toHaveLength(1);
    expect(normalize(messageFrom(monascaSamples.actionsOff))).toEqual([]);
  });
});

describe('CloudEvents', () => {
  it('takes a record for structured when only some of its headers look like attributes', () => {
    const events = read('cloudevents', JSON.stringify(event), { ce_id: 'other' });
    expect(events[0]?.key).toBe('["/s","1"]');
  });

  it('keeps a header as it is that is wrongly encoded', () => {
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': '100%',
      'ce-source': '%2Fs%20',
      'ce-type': 't',
    };
    expect(read('cloudevents', null, headers)[0]).toMatchObject({
      key: '["/s ","100%"]',
      envelope: { source: '/s ' },
    });
  });

  it('looks for secrets in data that is base64, and passes on no bytes it cannot look into', () => {
    const secret = Buffer.from('{"password":"hush"}').toString('base64');
    const events = read('cloudevents', JSON.stringify({ ...event, data_base64: secret }));
    expect(events[0]?.envelope.details).toEqual({ data: { password: '***' } });
    const bytes = Buffer.from([0xff, 0xfe]).toString('base64');
    expect(
      read('cloudevents', JSON.stringify({ ...event, data_base64: bytes }))[0]?.envelope.details,
    ).toEqual({ dataBytes: 2 });
  });
});

describe('an object store', () => {
  it.each([
    ['my+photo%2Fa.jpg', 'minio:s3', 'b/my photo/a.jpg'],
    ['100%', 'minio:s3', 'b/100%'],
    ['a+b%20c', 'ceph:s3', 'b/a+b%20c'],
  ])('names the key %s of %s as the object is called', (key, source, id) => {
    expect(read('s3', record(key, source))[0]?.envelope.entityuuid).toBe(id);
  });

  it('has room for the longest key there is', () => {
    expect(read('s3', record('ö'.repeat(512), 'ceph:s3'))).toHaveLength(1);
  });
});
