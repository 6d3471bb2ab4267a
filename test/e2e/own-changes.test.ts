import { expect, it } from 'vitest';

import { startReceiver } from '../service/receiver.ts';
import { query } from './database.ts';
import { openStage, owner } from './stage.ts';

it('counts a webhook from the answer to its creation until the answer to its end', async () => {
  await using stage = await openStage();
  await using receiver = await startReceiver();
  await using hookline = await stage.start();
  const post = async (event: string): Promise<void> =>
    void (await hookline.ask('POST', '/v1/events', { event, account: owner.accountId }));
  const webhook = { scope: 'Global', categories: ['*'], ...owner };
  const rounds = 20;
  for (let round = 0; round < rounds; round += 1) {
    const { id } = await hookline.ask('POST', '/v1/webhooks', {
      name: `round ${round}`,
      payloadUrl: `${receiver.url}${round}`,
      ...webhook,
    });
    await post(`wanted.${round}`);
    const path = `/v1/webhooks/${String(id)}`;
    if (round % 2 === 0) await hookline.ask('DELETE', path);
    else await hookline.ask('PATCH', path, { state: 'Disabled' });
    await post(`unwanted.${round}`);
  }
  const owed = await query<{ event: string; count: number }>(
    stage.databaseUrl,
    'select event, cardinality(owed) as count from event order by id',
  );
  expect(owed).toEqual(
    Array.from({ length: rounds }, (_, round) => [
      { event: `wanted.${round}`, count: 1 },
      { event: `unwanted.${round}`, count: 0 },
    ]).flat(),
  );
});
