import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { count, query } from './database.ts';
import { startProxy } from './proxy.ts';
import { openStage } from './stage.ts';

/** Components of what writes: the batch, first outcomes, claims, later outcomes, the lease, and transactions. */
const statements = [
  'insert into event',
  'insert into delivery',
  `set state = 'delivering'`,
  'set state = o.state',
  'update process set lease_until',
  'commit',
];

it('delivers everything once recorded when answers of the database are lost again and again', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.databaseUrl);
  await using receiver = await startReceiver({ remember: false });
  // Every other request is to be tried again, so that claims come and go all the time.
  receiver.answerWith(({ headers }) => ({
    status: (receiver.counts.get(String(headers['webhook-id'])) ?? 0) > 1 ? 200 : 500,
  }));
  await stage.addWebhook({ payloadUrl: receiver.url });
  await using hookline = await stage.start({
    HOOKLINE_DATABASE_URL: proxy.url,
    HOOKLINE_LEASE_TTL_MS: '1000',
    HOOKLINE_DISPATCH_TRIES: '10',
    HOOKLINE_DISPATCH_BACKOFF_BASE_MS: '200',
    HOOKLINE_RECORD_BATCH_MAX: '5',
  });
  const rounds = 5;
  const share = 10;
  // Hookline itself may record that the webhook is failing.
  const ofCloud = `event where source <> 'hookline'`;
  for (const statement of Array.from({ length: rounds }, () => statements).flat()) {
    proxy.loseAnswer(statement);
    await stage.publishEvents(share);
    await hookline.until(`an answer to "${statement}" to be lost`, () => !proxy.isLosing);
  }
  const all = rounds * statements.length * share;
  await hookline.until('every event to be recorded', async () => {
    return (await count(stage.databaseUrl, ofCloud)) >= all;
  });
  await hookline.until('every delivery', async () => {
    return (await count(stage.databaseUrl, `delivery where state = 'delivered'`)) >= all;
  });
  expect(await count(stage.databaseUrl, ofCloud)).toBe(all);
  expect(receiver.counts.size).toBe(all);
  const states = await query(stage.databaseUrl, 'select distinct state from delivery');
  expect(states).toEqual([{ state: 'delivered' }]);
});
