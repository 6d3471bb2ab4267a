/** What every format promises, held against the events of every cloud. */
import { createHmac } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { Request } from 'undici';
import { describe, expect, it } from 'vitest';

import type { Envelope } from '../../src/event/envelope.ts';
import { attemptHeaders, type FormatOptions, type Rendered } from '../../src/format/format.ts';
import { listFormats, refuseOptions } from '../../src/format/formats.ts';
import { renderEvent } from '../../src/format/render.ts';
import { openSigner } from '../../src/format/sign.ts';
import { eventOf, hostileTexts, sampleEvents } from '../fixtures/format-events.ts';
import { renderFormatsDoc } from '../fixtures/formats-doc.ts';
import { pairsOf, rendered } from '../fixtures/rendered.ts';

const secret = `whsec_${Buffer.from('a secret of 32 bytes, or so it is').toString('base64')}`;
const credential = 'R0UTINGKEYR0UTINGKEYR0UTINGKEY12';

/** What each format cannot do without. */
function optionsFor(name: string): FormatOptions {
  const format = listFormats().get(name);
  return {
    ...(format?.takes.secretKey !== undefined && { secretKey: credential }),
    ...(name === 'jira' && { body: { project: { key: 'OPS' } } }),
  };
}

const events = [
  ...sampleEvents,
  ...hostileTexts.map((text, at) =>
    eventOf(`hostile text ${at}`, {
      event: `VM.START`,
      entity: first(text, 120),
      entityuuid: first(text, 120),
      account: first(text, 120),
      user: first(text, 120),
      status: 'Failed',
      description: first(text, 2_000),
      source: first(text, 120),
      details: { name: text, alarm_name: text },
    }),
  ),
  eventOf('hostile event', { event: 'VM.START\r\nX-Admin: 1 "größe"', status: 'Failed' }),
];
const names = [...listFormats().keys()];

function first(text: string, characters: number): string {
  return Array.from(text).slice(0, characters).join('');
}

/** The same facts with the keys in another order, as PostgreSQL may give them back. */
function shuffled(envelope: Envelope): Envelope {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };
  return { event: envelope.event, ...Object(reversed(envelope)) };
}

it('is what docs/formats.md shows', () =>
  expect(renderFormatsDoc()).toMatchFileSnapshot('../../docs/formats.md'));

describe('every format', () => {
  it.each(names)('%s says every event in valid UTF-8, and in JSON where it says so', name => {
    for (const { form } of formsOf(name)) {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(form.body);
      const type = pairsOf(form.headers)['Content-Type'];
      expect(type).toMatch(/^(application\/(cloudevents\+)?json|text\/plain; charset=utf-8)$/);
      const read = type?.includes('json') ? JSON.parse : String;
      expect(() => read(text)).not.toThrow();
      expect(text.length).toBeGreaterThan(0);
    }
  });

  it.each(names)('%s has headers that can be sent, and signs every body', name => {
    for (const { event, form } of formsOf(name)) {
      const headers = pairsOf(attemptHeaders(form, Date.now(), openSigner(secret)));
      const request = new Request('http://receiver.example.org/', { headers });
      const sent = Object.keys(headers).map(header => [header, request.headers.get(header)]);
      expect(Object.fromEntries(sent)).toEqual(headers);
      expect(headers['webhook-id']).toBe(event.id);
      new Webhook(secret).verify(form.body, headers, { jsonParse: false });
      const { header = '', expected } = ownSignature(form);
      expect(headers[header]).toBe(expected);
    }
  });

  it.each(names)('%s says an event in the same bytes on every try', name => {
    for (const event of events) {
      const options = optionsFor(name);
      const again = { ...event, envelope: shuffled(event.envelope) };
      expect(bytesOf(rendered(name, again, options))).toEqual(
        bytesOf(rendered(name, event, options)),
      );
    }
  });

  it.each([...listFormats().values()])('$name refuses what it does not take', format => {
    const all = { body: { a: 'b' }, msgKey: 'm', template: 't', secretKey: 's' };
    for (const option of ['body', 'msgKey', 'template'] as const) {
      const options = { ...optionsFor(format.name), [option]: all[option] };
      const expected =
        format.takes[option] === undefined
          ? `the format ${format.name} does not take ${option}`
          : undefined;
      expect(refuseOptions(format, options)).toBe(expected);
    }
    for (const needed of format.needs ?? []) {
      const { [needed]: _, ...rest } = optionsFor(format.name);
      expect(refuseOptions(format, rest)).toContain(`${format.name} needs ${needed}: `);
    }
  });

  it.each([...listFormats().values()])(
    '$name shows a secret to nobody who does not need it',
    format => {
      const options = optionsFor(format.name);
      const hidden = { ...options, ...(options.secretKey !== undefined && { secretKey: '***' }) };
      for (const event of events) {
        const shown = JSON.stringify(textOf(rendered(format.name, event, hidden)));
        expect(shown).not.toContain(credential);
        const sent = JSON.stringify(textOf(rendered(format.name, event, options)));
        expect(sent.replaceAll(credential, '***')).toBe(shown);
      }
    },
  );
});

it('fails to say an event with the format and the reason, not with whatever was thrown', () => {
  const format = {
    name: 'broken',
    description: '',
    takes: {},
    render: () => {
      throw new TypeError('x is not a function');
    },
  };
  const [event] = sampleEvents;
  if (!event) throw new RangeError('there are events');
  expect(() => renderEvent(format, event, {})).toThrow(
    'the format broken failed: x is not a function',
  );
});

/** With the body as a text of one character for each byte, which is compared faster than bytes are. */
function bytesOf({ body, ...others }: Rendered): unknown {
  return { ...others, body: Buffer.from(body).toString('latin1') };
}

function textOf({ body, headers, subPath }: Rendered): unknown {
  return { body: body.toString(), headers, subPath };
}

function ownSignature({ signature, body }: Rendered): { header?: string; expected?: string } {
  if (!signature) return {};
  const { header, encoding = 'base64', prefix = '' } = signature;
  const mac = createHmac('sha256', secret).update(body).digest(encoding);
  return { header, expected: prefix + mac };
}

/** What the format has something to say of. */
function formsOf(name: string): { event: (typeof events)[number]; form: Rendered }[] {
  return events
    .map(event => ({ event, form: rendered(name, event, optionsFor(name)) }))
    .filter(({ form }) => form.skip === undefined);
}
