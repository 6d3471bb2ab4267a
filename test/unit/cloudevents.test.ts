/** CloudEvents by every transport and in every form: the content type decides the form, the transport how attributes are written. */
import { describe, expect, it } from 'vitest';

import type { Bus } from '../../src/normalize/normalizer.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { readEvents } from '../fixtures/read-events.ts';

const now = (): number => nowMs;
const event = { specversion: '1.0', id: '1', source: '/s', type: 't' };

/** How each transport writes the attribute's name. */
const prefixes: readonly (readonly [bus: Bus, prefix: string])[] = [
  ['http', 'ce-'],
  ['kafka', 'ce_'],
  ['rabbitmq', 'cloudEvents_'],
  ['rabbitmq', 'cloudEvents:'],
  // The RabbitMQ binding of Python's SDK.
  ['rabbitmq', 'ce-'],
];

const headersOf = (prefix: string, attributes: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries({ ...event, ...attributes }).map(([name, value]) => [prefix + name, value]),
  );

const read = (bus: Bus, headers: Readonly<Record<string, string>>, body: string | null = null) =>
  readEvents('cloudevents', { now, bus })(messageFrom({ headers, body }));

const binary = (bus: Bus, prefix: string, attributes: Readonly<Record<string, string>>) =>
  read(bus, headersOf(prefix, attributes))[0]?.envelope;

describe.each(prefixes)('by %s with %s', (bus, prefix) => {
  const structured = JSON.stringify({ ...event, count: 5, data: { k: 'ä' } });
  const repeated = headersOf(prefix, { count: '5', datacontenttype: 'application/json' });

  it.each([
    ['application/cloudevents+json', structured],
    ['application/cloudevents+json; charset=utf-8', structured],
    ['Application/CloudEvents+JSON', structured],
    ['application/cloudevents', structured],
    ['application/cloudevents-batch+json', `[${structured}]`],
  ])(
    'is structured by its content type %s, though its attributes are headers, too',
    (type, body) => {
      const [found] = read(bus, { ...repeated, 'content-type': type }, body);
      expect(found?.envelope.details).toEqual({ count: 5, data: { k: 'ä' } });
    },
  );

  it('is binary by its headers with any other content type', () => {
    const headers = { ...repeated, 'content-type': 'application/json' };
    const [found] = read(bus, headers, structured);
    expect(found?.envelope.details).toEqual({ count: '5', data: JSON.parse(structured) });
  });

  it('has the data of its body, whatever headers are called data', () => {
    const data = { data: 'x', data_base64: Buffer.from('"x"').toString('base64') };
    const headers = { ...headersOf(prefix, data), 'content-type': 'application/json' };
    expect(read(bus, headers, '{"k":1}')[0]?.envelope.details).toEqual({ data: { k: 1 } });
    expect(read(bus, headers)[0]?.envelope.details).toBeUndefined();
  });

  it('is refused in an encoding that is not JSON', () => {
    const headers = { ...repeated, 'content-type': 'application/cloudevents+avro' };
    expect(() => read(bus, headers, 'x')).toThrow('the event is encoded in avro; expected JSON');
  });

  it.each([
    ['text/plain', '12345', '12345'],
    ['text/plain; charset=utf-8', '{"a":1}', '{"a":1}'],
    ['text/csv', '1', '1'],
    ['text/json', '{"a":1}', { a: 1 }],
    ['application/json', '12345', 12_345],
    ['application/vnd.example+json', '[1]', [1]],
    ['application/xml', '<a/>', '<a/>'],
    [undefined, '{"a":1}', { a: 1 }],
  ])('has data of the type %s: %s', (type, body, data) => {
    const headers = headersOf(prefix, {});
    const given = type === undefined ? headers : { ...headers, 'content-type': type };
    expect(read(bus, given, body)[0]?.envelope.details?.['data']).toEqual(data);
    const alike = {
      ...event,
      ...(type !== undefined && { datacontenttype: type }),
      data_base64: Buffer.from(body).toString('base64'),
    };
    const [found] = read(bus, {}, JSON.stringify(alike));
    expect(found?.envelope.details?.['data']).toEqual(data);
  });
});

describe('an attribute in a header', () => {
  it.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%c3%a4', 'ä'],
    ['50%', '50%'],
    ['50%2', '50%2'],
    ['50%2525', '50%25'],
    ['100%25', '100%'],
    ['größe', 'größe'],
    ['größe%20%E2%82%AC', 'größe €'],
    ['"Euro sign \\"x\\""', 'Euro sign "x"'],
    ['"a\\\\b"', 'a\\b'],
    ['"a%20b"', 'a b'],
    ['a "quoted" part', 'a "quoted" part'],
    ['"not closed', '"not closed'],
    ['%22kept%22', '"kept"'],
  ])('of HTTP is unquoted, then decoded once: %s', (sent, subject) => {
    expect(binary('http', 'ce-', { subject: sent })?.entityuuid).toBe(subject);
  });

  it.each(['%C0%A0', 'a%FFb', '%E2%82', '%ED%A0%80'])(
    'of HTTP that is no UTF-8 is refused: %s',
    subject => {
      expect(() => binary('http', 'ce-', { subject })).toThrow(
        'the header "ce-subject" is no UTF-8 when it is percent-decoded; expected UTF-8',
      );
    },
  );

  it.each(prefixes.filter(([bus]) => bus !== 'http'))(
    'of %s under %s is taken as it is',
    (bus, prefix) => {
      const subject = 'Disk "a" 50%25 € 😀 %C0%A0';
      expect(binary(bus, prefix, { subject })?.entityuuid).toBe(subject);
      expect(binary(bus, prefix, { subject: '"x"' })?.entityuuid).toBe('"x"');
    },
  );
});

describe('the time of an event', () => {
  it.each(prefixes)('by %s under %s is read in every form that transport has', (bus, prefix) => {
    const times = [
      ['2026-11-30T10:00:00.123456Z', '2026-11-30T10:00:00.123Z'],
      ['2026-11-30t11:00:00+01:00', '2026-11-30T10:00:00.000Z'],
      ...(bus === 'rabbitmq' ? [['1796018400123', '2026-11-30T06:00:00.123Z'] as const] : []),
    ] as const;
    for (const [time, expected] of times) {
      expect(binary(bus, prefix, { time })?.eventDateTime).toBe(expected);
    }
  });

  it('that cannot be read is kept among the details', () => {
    expect(binary('http', 'ce-', { time: 'yesterday' })).toMatchObject({
      details: { eventDateTime: 'yesterday' },
    });
  });
});
