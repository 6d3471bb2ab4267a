/** Tells what a restart of a broker does to what is not durable, which depends on where it keeps its topology. */
import { randomUUID } from 'node:crypto';

import { type ChannelModel, connect } from 'amqplib';

/** Reply code of AMQP. */
const notFound = 404;

/**
 * Declares an exchange that is not durable and that nobody uses.
 *
 * @returns asks whether the broker still has it. RabbitMQ keeps it over a restart since its topology is in Khepri.
 */
export async function plantWitness(url: string): Promise<() => Promise<boolean>> {
  const name = `witness-${randomUUID()}`;
  await using first = await open(url);
  const channel = await first.connection.createChannel();
  await channel.assertExchange(name, 'topic', { durable: false });
  return async () => {
    await using again = await open(url);
    const asking = await again.connection.createChannel();
    // The refusal closes the channel, which is told as an event, too.
    asking.on('error', () => undefined);
    const isThere = asking.checkExchange(name).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === notFound) return false;
        throw error;
      },
    );
    // Not returned as it is: the connection would be closed before the answer.
    return await isThere;
  };
}

async function open(url: string): Promise<AsyncDisposable & { connection: ChannelModel }> {
  const connection = await connect(url);
  return { connection, [Symbol.asyncDispose]: async () => connection.close() };
}
