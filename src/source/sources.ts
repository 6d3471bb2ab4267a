/** Opens the configured sources. */
import type { Config } from '../config/config.ts';
import { httpKeys } from '../config/source/http.ts';
import { ownSourceName } from '../config/source/source.ts';
import type { SourceConfig } from '../config/source/source.ts';
import type { Intake } from './intake.ts';
import type { Log } from '../event/log.ts';
import type { PositionStore } from '../event/message.ts';
import { createHttpSource, type HttpSource } from './http.ts';
import type { Source } from './source.ts';

export interface SourceDeps {
  readonly config: Config;
  readonly positions: PositionStore;
  readonly log: Log;
}

/** Opens a source. The client of its bus is loaded with the first that needs it: a process pays for those alone that it uses. */
export async function openSource(
  source: SourceConfig,
  { config, positions, log }: SourceDeps,
): Promise<Source> {
  const { batchMax } = config.record;
  switch (source.kind) {
    case 'rabbitmq': {
      const { createRabbitmqSource } = await import('./rabbitmq/rabbitmq.ts');
      return createRabbitmqSource({ ...source, batchMax, log });
    }
    case 'kafka': {
      const { createKafkaSource } = await import('./kafka/kafka.ts');
      return createKafkaSource({ ...source, batchMax, positions, log });
    }
    case 'http':
      return createHttpSource({ ...source, batchMax, log });
  }
}

/** Limits of `POST /v1/events`: a configured source's defaults, except for the largest body. */
const own = {
  waitMs: httpKeys.waitMs.default,
  waitingMax: httpKeys.waitingMax.default,
  bodyBytesMax: httpKeys.bodyBytesMax.max,
};

/** The source behind `POST /v1/events`. */
export function openOwnSource({ record }: Config, log: Log): HttpSource {
  return createHttpSource({ name: ownSourceName, ...own, batchMax: record.batchMax, log });
}

/** Lists the sources that take posted messages, and from whom. @param sources all that run. */
export function intakesOf({ sources: configs }: Config, sources: readonly Source[]): Intake[] {
  return sources.filter(isPostedTo).map(source => {
    const { name, accept } = source;
    const config = configs.find(one => one.name === name);
    if (config?.kind !== 'http') {
      const { bodyBytesMax } = own;
      const idempotencyHeader = httpKeys.idempotencyHeader.default.toLowerCase();
      return { name, accept, bodyBytesMax, idempotencyHeader, origins: [], status: 202 };
    }
    const { token, hmac, bodyBytesMax, origins, format } = config;
    return {
      name,
      accept,
      proof: { token, hmac },
      bodyBytesMax,
      idempotencyHeader: config.idempotencyHeader.toLowerCase(),
      origins,
      // Cloudpods takes nothing but 200 for a sign that its robot works.
      status: format === 'cloudpods' ? 200 : 202,
    };
  });
}

const isPostedTo = (source: Source): source is HttpSource => source.kind === 'http';
