/** Parts of the tests of the RabbitMQ source: a source at a broker, and a channel beside it. */
import { type ConfirmChannel, connect } from 'amqplib';

import {
  createRabbitmqSource,
  type RabbitmqSourceOptions,
} from '../../src/source/rabbitmq/rabbitmq.ts';
import { captureLog } from '../conformance/source-log.ts';
import { type RecordBatch, type Run, runSource } from '../conformance/source-run.ts';
import { uniqueName } from '../service/shared.ts';

export interface QueueRun extends Run {
  /** Name of the queue of its own. */
  readonly queue: string;
}

export function startSource(
  options: Partial<RabbitmqSourceOptions> & Pick<RabbitmqSourceOptions, 'url' | 'exchange'>,
  record?: RecordBatch,
): QueueRun {
  const log = captureLog();
  const queue = options.queue ?? uniqueName('queue');
  const source = createRabbitmqSource({
    name: 'rabbitmq',
    bindings: ['#'],
    queue,
    queueType: 'classic',
    prefetch: 500,
    batchMax: 100,
    recheckMs: 50,
    backoff: { baseMs: 10, maxMs: 100 },
    log,
    ...options,
  });
  return { ...runSource(source, log, record), queue };
}

export interface OpenChannel extends AsyncDisposable {
  readonly channel: ConfirmChannel;
}

export async function openChannel(brokerUrl: string): Promise<OpenChannel> {
  const connection = await connect(brokerUrl);
  const channel = await connection.createConfirmChannel();
  // A refused declaration closes the channel: the test has seen it by the rejection.
  channel.on('error', () => undefined);
  return { channel, [Symbol.asyncDispose]: async () => connection.close() };
}
