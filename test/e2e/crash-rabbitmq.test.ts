import { connect } from 'amqplib';
import { expect, it } from 'vitest';

import { publishToRabbitmq } from '../demo/publish.ts';
import { startPostgres } from '../service/postgres.ts';
import { startRabbitmq } from '../service/rabbitmq.ts';
import { type CrashBus, crashAgainAndAgain, describeAftermath, windowMax } from './crash.ts';
import { rollSeed } from './seed.ts';

const events = 10_000;
const kills = 21;

it('loses nothing from RabbitMQ however often it is killed, and repeats what was in flight at most', async () => {
  await using postgres = await startPostgres({ edition: 'distribution' });
  await using bus = await openBus();
  const seed = rollSeed();
  const aftermath = await crashAgainAndAgain({ bus, postgres, seed, events, kills });
  process.stdout.write(describeAftermath('rabbitmq, distribution’s PostgreSQL', aftermath));
  expect(aftermath).toMatchObject({
    published: events,
    kills,
    lost: 0,
    astray: 0,
    recordedTwice: 0,
    manyIds: 0,
    repeatedInOneLife: 0,
    deliveries: { delivered: aftermath.owed },
    unsettled: 0,
    processes: 0,
    lastExit: 'code 0',
  });
  expect(aftermath.duplicates).toBeLessThanOrEqual(aftermath.bound);
  expect(aftermath.inFlightMax).toBeLessThanOrEqual(windowMax);
});

async function openBus(): Promise<CrashBus & AsyncDisposable> {
  const rabbitmq = await startRabbitmq({ own: true });
  let publisher = await publishToRabbitmq(rabbitmq.url);
  return {
    environment: { HOOKLINE_AMQP_URL: rabbitmq.url },
    publish: async messages => publisher.publish(messages),
    restart: async () => {
      await rabbitmq.restart();
      publisher = await publishToRabbitmq(rabbitmq.url);
    },
    countUnsettled: async () => countWaiting(rabbitmq.url),
    [Symbol.asyncDispose]: async () => rabbitmq.stop(),
  };
}

async function countWaiting(url: string): Promise<number> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue('hookline');
  await connection.close();
  return messageCount;
}
