import { describe, expect, it } from 'vitest';

import {
  descriptionLengthMax,
  entityuuidBytesMax,
  nameLengthMax,
} from '../../src/event/envelope.ts';
import { detailsLengthMax, eventCountMax, eventOf, limited } from '../../src/normalize/facts.ts';

const event = 'vm.start';

describe('the event made of facts', () => {
  it('has what there is, in the order of the contract, and nothing of what there is not', () => {
    const { envelope, key } = eventOf({
      key: 7,
      details: { gone: null, empty: '', kept: [null, ''], undefined },
      source: 'nova',
      description: 'text',
      eventDateTime: '2026-11-21 21:47:22',
      status: '',
      domain: null,
      project: undefined,
      user: 42,
      account: {},
      entityuuid: ['x'],
      entity: true,
      event,
    });
    expect(JSON.stringify(envelope)).toBe(
      '{"event":"vm.start","user":"42","eventDateTime":"2026-11-21T21:47:22.000Z","description":"text","source":"nova","details":{"kept":[null,""]}}',
    );
    expect(key).toBe('7');
  });

  it('keeps a time nobody can read among the details', () => {
    expect(eventOf({ event, eventDateTime: 'yesterday' }).envelope.details).toEqual({
      eventDateTime: 'yesterday',
    });
  });

  it('says whom it proves to concern beside the envelope, in which neither is shown', () => {
    const proven = { provenDomain: 7, provenUser: 'u-1' };
    expect(eventOf({ event, ...proven })).toEqual({
      envelope: { event },
      provenDomain: '7',
      provenUser: 'u-1',
    });
    expect(eventOf({ event, provenDomain: '', provenUser: null })).toEqual({ envelope: { event } });
    expect(() => eventOf({ event, provenDomain: 'x'.repeat(nameLengthMax + 1) })).toThrow(
      '"domain" would have 256 characters; expected at most 255',
    );
  });

  it('cuts the description and refuses an id that is too long', () => {
    const long = 'x'.repeat(descriptionLengthMax + 1);
    expect(eventOf({ event, description: long }).envelope.description).toHaveLength(
      descriptionLengthMax,
    );
    expect(() => eventOf({ event, account: 'x'.repeat(nameLengthMax + 1) })).toThrow(
      '"account" would have 256 characters; expected at most 255',
    );
    const key = 'ö'.repeat(entityuuidBytesMax / 2);
    expect(eventOf({ event, entityuuid: key }).envelope.entityuuid).toBe(key);
    expect(() => eventOf({ event, entityuuid: `${key}x` })).toThrow(
      '"entityuuid" would have 1101 bytes; expected at most 1100',
    );
  });

  it.each([undefined, null, '', {}, []])('cannot be without an event type: %j', nothing => {
    expect(() => eventOf({ event: nothing })).toThrow(
      'there is no event type; expected it as text',
    );
  });

  it('leaves out the largest details when they are too long, and names them', () => {
    const details = { small: 1, large: 'x'.repeat(detailsLengthMax), second: 'y'.repeat(1_000) };
    expect(eventOf({ event, details }).envelope.details).toEqual({
      small: 1,
      second: details.second,
      omitted: ['large'],
    });
  });

  it('shortens a key that is too long or cannot be stored to its hash', () => {
    const long = 'k'.repeat(nameLengthMax + 1);
    expect(eventOf({ event, key: long }).key).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(eventOf({ event, key: 'a\0' }).key).not.toBe(eventOf({ event, key: 'a\ufffd' }).key);
    expect(eventOf({ event, key: 'k'.repeat(nameLengthMax) }).key).toHaveLength(nameLengthMax);
  });

  it('holds a key __proto__ for one as any other', () => {
    const details = JSON.parse('{"__proto__":{"a":{"__proto__":1}}}');
    expect(JSON.stringify(eventOf({ event, details }).envelope.details)).toBe(
      JSON.stringify(details),
    );
  });
});

it('reads no message that tells of more events than one message should', () => {
  const items = Array.from({ length: eventCountMax }, () => 0);
  expect(limited(items)).toBe(items);
  expect(() => limited([...items, 0])).toThrow(
    `the message tells of 1001 events; expected at most ${eventCountMax}`,
  );
});
