/** Opens the configured sources. */
import type { Config, SourceConfig } from './config/config.ts';
import type { Log } from './event/log.ts';
import { createKafkaSource } from './source/kafka.ts';
import { createRabbitmqSource } from './source/rabbitmq.ts';
import type { Source } from './source/source.ts';

export function openSource(source: SourceConfig, config: Config, log: Log): Source {
  const { batchMax } = config.record;
  switch (source.kind) {
    case 'rabbitmq':
      return createRabbitmqSource({ ...source, batchMax, log });
    case 'kafka':
      return createKafkaSource({ ...source, batchMax, log });
  }
}
