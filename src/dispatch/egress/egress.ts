/** The connections to receivers: the guard that decides on addresses, and what connects to those it lets through. */
import { networkInterfaces } from 'node:os';

import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../event/errors.ts';
import { createConnectors, type OpenConnector } from './connect.ts';
import { createEgressGuard, type EgressGuard, type EgressGuardOptions } from './guard.ts';
import { readNoProxy } from './no-proxy.ts';
import { protectedServices } from './protected-addresses.ts';
import { createTrust, type Trust } from './trust.ts';

export interface Egress {
  readonly guard: EgressGuard;
  readonly connector: OpenConnector;
}

export interface EgressOptions extends Pick<EgressGuardOptions, 'lookup' | 'onBlocked'> {
  readonly config: Pick<Config, 'egress' | 'sources' | 'http'>;
  /** The database in use, which no webhook may reach: the embedded one's is in no configuration. */
  readonly databaseUrl: string;
}

/** @throws {ConfigError} when the configured certificates cannot be used. */
export function openEgress({ config, databaseUrl, lookup, onBlocked }: EgressOptions): Egress {
  const guard = createEgressGuard({
    ...config.egress,
    services: protectedServices(config, databaseUrl),
    lookup,
    ownAddresses,
    onBlocked,
  });
  const { proxy } = config.egress;
  const trust = openTrust(config);
  const connector = createConnectors({
    guard,
    trust,
    proxy: proxy && {
      ...proxy,
      goesDirect: readNoProxy(proxy.noProxy),
      secureContext: trust(),
    },
  });
  return { guard, connector };
}

function openTrust({ egress }: EgressOptions['config']): Trust {
  try {
    return createTrust(egress.tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`egress.tls: expected certificates and the key of certFile: ${reason}`]);
  }
}

/** They may change while the process runs; asking costs microseconds, and only a new connection asks. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(
    addresses => addresses?.map(({ address }) => address) ?? [],
  );
}
