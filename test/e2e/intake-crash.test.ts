/**
 * Killed again and again while many post: what was answered 202 is recorded, what is sent again is recorded once. Each message
 * has an item that nobody can read, which is put aside as often as it is recorded: once.
 */
import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { count, query, untilAlone } from './database.ts';
import { openStage } from './stage.ts';

const token = 'the-token-of-the-sender';
const senders = 16;
const share = 300;
const rounds = 3;

const settings = {
  HOOKLINE_LEASE_TTL_MS: '1000',
  HOOKLINE_SOURCES: JSON.stringify([{ name: 'x', kind: 'http', format: 'cloudevents', token }]),
};

/** @returns whether it was taken; false when nobody answered, so that nobody knows. */
async function post(url: string, id: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/in/x`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/cloudevents-batch+json',
        'idempotency-key': id,
      },
      body: JSON.stringify([
        { specversion: '1.0', id, source: '/s', type: 'vm.off', subject: id },
        { specversion: '1.0', subject: id },
      ]),
    });
    await response.text();
    return response.status === 202;
  } catch {
    return false;
  }
}

it('loses nothing it has answered for, and repeats nothing that is sent again', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver({ remember: false });
  await stage.addWebhook({ payloadUrl: receiver.url });
  const taken = new Set<string>();
  const unknown = new Set<string>();
  let sent = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await using hookline = await stage.start(settings);
    const url = await hookline.untilStarted();
    const send = async (): Promise<void> => {
      for (;;) {
        const id = `e${(sent += 1)}`;
        if (await post(url, id)) taken.add(id);
        else return void unknown.add(id);
      }
    };
    const sending = Array.from({ length: senders }, send);
    await hookline.until('many to be taken', () => taken.size >= round * share);
    await hookline.kill();
    await Promise.all(sending);
    await untilAlone(stage.databaseUrl);
    const rows = await query<{ entityuuid: string }>(
      stage.databaseUrl,
      'select entityuuid from event',
    );
    const recorded = new Set(rows.map(({ entityuuid }) => entityuuid));
    expect([...taken].filter(id => !recorded.has(id))).toEqual([]);
    expect(recorded.size).toBe(rows.length);
    expect(await count(stage.databaseUrl, 'quarantine')).toBe(rows.length);
  }
  expect(unknown.size).toBeGreaterThan(0);
  await using last = await stage.start(settings);
  const url = await last.untilStarted();
  for (const id of unknown) expect(await post(url, id)).toBe(true);
  expect(await count(stage.databaseUrl, 'event')).toBe(taken.size + unknown.size);
  expect(await count(stage.databaseUrl, 'quarantine')).toBe(taken.size + unknown.size);
  await last.until('every delivery', async () => {
    const delivered = await count(stage.databaseUrl, `delivery where state = 'delivered'`);
    return delivered === taken.size + unknown.size;
  });
  expect(receiver.counts.size).toBe(taken.size + unknown.size);
});
