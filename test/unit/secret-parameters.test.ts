/** What clouds call by a secret's name, and what acts as a credential under another: none of it is kept, shown or quarantined. */
import { describe, expect, it } from 'vitest';

import { createUnreadScrubber } from '../../src/normalize/hidden-secrets.ts';
import { builtInScrubber } from '../../src/normalize/scrub/scrub.ts';
import type { NormalizableFormat } from '../../src/normalize/source-formats.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { innocents, openStackSecrets, xenOrchestraSecrets } from '../fixtures/secret-parameters.ts';
import { readEvents } from '../fixtures/read-events.ts';

const read = (format: NormalizableFormat, body: unknown) =>
  readEvents(format, { now: () => nowMs, showPayload: true })(
    messageFrom({ body: JSON.stringify(body) }),
  );

/** The bytes as they would be quarantined, of a message and of one that is cut off before its end. */
function quarantined(format: NormalizableFormat, body: unknown): readonly string[] {
  const text = JSON.stringify(body);
  const { bytes } = createUnreadScrubber(format, builtInScrubber, []);
  return [text, `${text.slice(0, -1)},"cut": `].map(part =>
    Buffer.from(bytes(Buffer.from(part))).toString(),
  );
}

describe('Xen Orchestra', () => {
  it.each(xenOrchestraSecrets)('%s shows no secret of %j', (method, params) => {
    const call = { callId: 'c', method, params, timestamp: 1, type: 'post', result: params };
    const [event] = read('xen-orchestra', call);
    expect(event?.envelope.event).toBe(method);
    const shown = JSON.stringify(event);
    expect(shown).not.toContain('hush');
    expect(shown).toContain('***');
    for (const kept of quarantined('xen-orchestra', call)) {
      expect(kept).not.toContain('hush');
      expect(kept).toContain(method);
    }
  });

  it('says what it masks, and names no entity by it', () => {
    const [event] = read('xen-orchestra', {
      callId: 'c',
      method: 'token.set',
      params: { id: 'hush', description: 'lab 2' },
      type: 'pre',
    });
    expect(event?.envelope).not.toHaveProperty('entityuuid');
    expect(event?.envelope.details?.['params']).toEqual({ id: '***', description: 'lab 2' });
  });

  it.each([
    ['token.set', { id: 'hush-1' }, 'no such authenticationToken hush-1'],
    ['token.delete', { tokens: ['a', 'hush-1'] }, 'no such authenticationToken "hush-1"'],
    ['cloudConfig.create', { template: 'a: b\nc: hush-1' }, 'line 2 is wrong: hush-1'],
    ['plugin.configure', { configuration: { key: 'hush-1' } }, 'hush-1 is no key'],
    ['token.set', ['hush-1'], 'expected an object, not hush-1'],
    ['session.signIn', { username: 'a', pin: { tries: ['hush-1'] } }, 'hush-1 was used'],
  ])('shows no secret of %s that an error quotes', (method, params, message) => {
    const error = { code: 1, message, data: { id: 'hush-1' }, stack: `Error: ${message}` };
    for (const told of [error, message]) {
      const call = { callId: 'c', method, params, type: 'post', timestamp: 1, error: told };
      const [event] = read('xen-orchestra', call);
      expect(JSON.stringify(event)).not.toContain('hush');
      expect(event?.envelope).toMatchObject({
        status: 'Failed',
        description: message.replace('hush-1', '***'),
      });
      const { type: _, ...unread } = call;
      for (const kept of quarantined('xen-orchestra', unread)) expect(kept).not.toContain('hush');
    }
  });

  it('shows what an error says that quotes nothing', () => {
    const params = { email: 'a@example.org', password: 'hush' };
    const error = { code: 3, message: 'invalid credentials' };
    const [event] = read('xen-orchestra', {
      callId: 'c',
      method: 'session.signIn',
      params,
      type: 'post',
      error,
    });
    expect(event?.envelope).toMatchObject({
      description: 'invalid credentials',
      details: { errorCode: '3' },
    });
  });

  it('shows no secret of a message in the other format of its plugin', () => {
    const facts = [
      { name: 'method', value: 'token.set' },
      { name: 'params', value: '{"id":"hush"}' },
      { name: 'result', value: 'hush' },
    ];
    const card = { '@type': 'MessageCard', sections: [{ facts }] };
    for (const kept of quarantined('xen-orchestra', card)) expect(kept).not.toContain('hush');
  });
});

describe('OpenStack', () => {
  it.each(openStackSecrets)('shows no secret of %j', payload => {
    const notification = {
      event_type:
        payload['key'] === undefined ? 'volume.create.end' : 'dns.zone_transfer_request.create',
      payload: { tenant_id: 'p', resource: payload },
      ...payload,
    };
    const events = read('openstack', { 'oslo.message': JSON.stringify(notification) });
    expect(events).toHaveLength(1);
    const shown = JSON.stringify(events);
    expect(shown).not.toContain('hush');
    expect(shown).toContain('***');
    for (const kept of quarantined('openstack', { broken: JSON.stringify(notification) })) {
      expect(kept).not.toContain('hush');
    }
  });
});

describe('what is no secret', () => {
  it.each(innocents)('stays as it is: %j', value => {
    expect(builtInScrubber.value(value)).toBe(value);
    const text = `broken ${JSON.stringify(value).slice(0, -1)}`;
    expect(builtInScrubber.text(text)).toBe(text);
  });
});
