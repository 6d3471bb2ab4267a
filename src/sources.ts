/** Opens the configured sources. */
import type { Config, SourceConfig } from './config/config.ts';
import type { Log } from './event/log.ts';
import { createKafkaSource } from './source/kafka.ts';
import { createRabbitmqSource } from './source/rabbitmq.ts';
import type { Source } from './source/source.ts';

/** So many may be lost before the group gives a process up. */
const heartbeatsInSession = 10;

export function openSource(source: SourceConfig, config: Config, log: Log): Source {
  const { batchMax } = config.record;
  switch (source.kind) {
    case 'rabbitmq':
      return createRabbitmqSource({ ...source, batchMax, log });
    case 'kafka': {
      const heartbeatMs = Math.floor(source.sessionTimeoutMs / heartbeatsInSession);
      return createKafkaSource({ ...source, heartbeatMs, batchMax, log });
    }
  }
}
