/** A signed message that somebody sends again: within the time it is signed for it is one event, and after it none. */
import { createHmac } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openIntakeHarness, type IntakeHarness } from './intake-harness.ts';

const secret = 'a secret of sixteen characters';
const whsec = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
const mapping = { event: '/type' };
const common = { format: 'json', token: undefined, mapping };

let harness: IntakeHarness;
beforeAll(async () => {
  harness = await openIntakeHarness({
    sources: [
      { name: 'plain', ...common, hmac: { secret } },
      { name: 'once', ...common, hmac: { secret, once: true } },
      { name: 'timed', ...common, hmac: { secret, signs: 'timestamp', toleranceMs: 60_000 } },
      { name: 'standard', ...common, hmac: { secret: whsec, signs: 'standard-webhooks' } },
    ],
  });
});
afterAll(() => harness[Symbol.asyncDispose]());

type Sign = (body: string, atMs: number) => Record<string, string>;

const ofBody: Sign = body => ({
  'x-signature': createHmac('sha256', secret).update(body).digest('hex'),
});
const ofTime: Sign = (body, atMs) => {
  const seconds = String(Math.floor(atMs / 1_000));
  return { 'x-timestamp': seconds, ...ofBody(`${seconds}.${body}`, atMs) };
};
const ofStandard: Sign = (body, atMs) => {
  const id = `msg_${createHmac('sha256', 'id').update(body).digest('hex')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1_000)),
    'webhook-signature': new Webhook(whsec).sign(id, new Date(atMs), body),
  };
};

const send = async (source: string, body: string, headers: Record<string, string>) =>
  harness.send(`/v1/in/${source}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

const countOf = async (type: string): Promise<number> =>
  (await harness.rows(`select id from event where event = '${type}'`)).length;

let count = 0;
const bodyOf = (source: string) => {
  const type = `${source}.${(count += 1)}`;
  return { type, body: JSON.stringify({ type }) };
};

describe.each([
  ['once', ofBody],
  ['timed', ofTime],
  ['standard', ofStandard],
] as const)('a message of a source that knows repeats: %s', (source, sign) => {
  it('is one event, however often it comes and whatever else its sender says', async () => {
    const { type, body } = bodyOf(source);
    const headers = sign(body, Date.now());
    const answers = [];
    for (const key of [undefined, undefined, 'a', 'b']) {
      answers.push(
        await send(source, body, { ...headers, ...(key && { 'idempotency-key': key }) }),
      );
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(answer => JSON.stringify(answer.body['ids']))).size).toBe(1);
    expect(await countOf(type)).toBe(1);
    const other = bodyOf(source);
    await send(source, other.body, sign(other.body, Date.now()));
    expect(await countOf(other.type)).toBe(1);
  });
});

it.each([
  ['timed', ofTime, -61_000],
  ['timed', ofTime, 90_000],
  ['standard', ofStandard, -301_000],
  ['standard', ofStandard, 330_000],
] as const)('a message of source %s that was signed at another time is refused', async (...one) => {
  const [source, sign, offsetMs] = one;
  const { type, body } = bodyOf(source);
  const answer = await send(source, body, sign(body, Date.now() + offsetMs));
  expect(answer.status).toBe(401);
  expect(answer.body['detail']).toMatch(
    /^The message was signed at another time, or is sent again; expected a time that is at most (60|300) s away from the clock here\.$/,
  );
  expect(await countOf(type)).toBe(0);
});

it('a time that is not signed counts for nothing', async () => {
  const { type, body } = bodyOf('timed');
  const headers = { ...ofTime(body, Date.now() - 90_000), 'x-timestamp': `${Date.now()}` };
  expect((await send('timed', body, headers)).status).toBe(401);
  expect((await send('timed', body, ofBody(body, 0))).status).toBe(401);
  expect(await countOf(type)).toBe(0);
});

it('a message that is signed by its body alone is an event each time, as two equal events may be', async () => {
  const { type, body } = bodyOf('plain');
  for (let sent = 0; sent < 3; sent += 1) await send('plain', body, ofBody(body, 0));
  expect(await countOf(type)).toBe(3);
});
