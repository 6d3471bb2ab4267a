/** Formats that take their time: what becomes of the attempt. */
import { describe, expect, it } from 'vitest';

import { skipped, unsent, type SentAttempt } from '../../src/dispatch/request/attempt.ts';
import { Breakers } from '../../src/dispatch/engine/breaker/breakers.ts';
import { judgeAttempt } from '../../src/dispatch/engine/judge.ts';
import { createRoute } from '../../src/dispatch/egress/route.ts';
import { rootReach } from '../../src/dispatch/egress/egress-policy.ts';
import type { OutgoingRequest } from '../../src/dispatch/request/outgoing.ts';
import { createDeferred } from '../../src/dispatch/request/send.ts';
import { RenderError } from '../../src/event/errors.ts';

const request: OutgoingRequest = {
  route: createRoute({ origin: 'http://r', sslVerification: true, reach: rootReach }),
  path: '/',
  headers: [],
  body: Buffer.from('{}'),
  conceal: text => text,
  timeoutMs: 1_000,
};
const options = {
  tries: 3,
  backoff: { baseMs: 1, capMs: 1, waitMsMax: 1 },
  success: '2xx',
  random: () => 0,
  outage: 'hold',
  breakers: new Breakers({ now: Date.now, random: () => 0 }),
} as const;
const delivery = {
  event: { id: '01a1fb67-1801-7abc-8def-0123456789ab', event: 'VM.START', body: '{}' },
  webhookId: '7ae7c033-4cf3-49bf-ae0a-2e3b93abc3c7',
  tries: 0,
  deliveryId: undefined,
  webhookGone: false,
  isOutside: false,
  written: () => {},
  queuedAtMs: 0,
};

function open() {
  const sent: OutgoingRequest[] = [];
  const ended: SentAttempt[] = [];
  const later = createDeferred((built, done) => {
    sent.push(built);
    done(skipped('sent'));
  });
  const send = (made: Promise<OutgoingRequest>) =>
    later.send(made, attempt => void ended.push(attempt));
  return { later, send, sent, ended };
}

describe('an attempt whose request takes its time', () => {
  it('is sent when the request is there, whatever else is still being made', async () => {
    const { send, sent } = open();
    const slow = Promise.withResolvers<OutgoingRequest>();
    const first = send(slow.promise);
    await send(Promise.resolve({ ...request, path: '/quick' }));
    slow.resolve({ ...request, path: '/slow' });
    await first;
    expect(sent.map(({ path }) => path)).toEqual(['/quick', '/slow']);
  });

  it('ends with the reason when the event cannot be said', async () => {
    const { send, sent, ended } = open();
    await send(Promise.reject(new RenderError('template: line 3, column 5: unexpected "}"')));
    expect(sent).toEqual([]);
    expect(ended).toMatchObject([
      { error: 'template: line 3, column 5: unexpected "}"', interrupted: false },
    ]);
  });

  it('is interrupted by shutdown once, and nothing of it is sent afterwards', async () => {
    const { later, send, sent, ended } = open();
    const slow = Promise.withResolvers<OutgoingRequest>();
    const waiting = send(slow.promise);
    later.interrupt();
    slow.resolve(request);
    await waiting;
    expect(sent).toEqual([]);
    expect(ended).toMatchObject([{ interrupted: true }]);
  });
});

describe('an event that cannot be said', () => {
  it('fails its delivery at the first try, for the next would end as it did', () => {
    const attempt = unsent(new RenderError('no'));
    expect(judgeAttempt(attempt, delivery, options)).toMatchObject({
      verdict: 'failed',
      progress: { state: 'failed', tries: 1 },
    });
  });

  it('is tried again where the reason may pass, up to the webhook’s tries', () => {
    const attempt = unsent(new RenderError('too slow', { isFinal: false }));
    expect(judgeAttempt(attempt, delivery, options).progress.state).toBe('pending');
    expect(judgeAttempt(attempt, { ...delivery, tries: 2 }, options).progress.state).toBe('failed');
  });
});
