/** The way out put together: the guard, the requests, the connections. */
import { lookup } from 'node:dns/promises';
import { hostname as machineName, networkInterfaces } from 'node:os';

import { open as unseal } from '../access/secret/seal.ts';
import type { Config } from '../config/config.ts';
import { createConnectors, type OpenConnector } from './egress/connect.ts';
import { createEgress, type Egress, type EgressOptions, type Lookup } from './egress/egress.ts';
import { createReach, rootReach, tenantReach, type Reach } from './egress/egress-policy.ts';
import type { BuildBatch } from './request/batch.ts';
import { createRequestBuilder, type BuildRequest } from './request/request.ts';
import { readNoProxy } from './egress/no-proxy.ts';
import { createTestDelivery, type MakeTestDelivery } from './test-delivery/test-delivery.ts';
import { createValidate, type Validate } from './test-delivery/validate.ts';
import { createSender, type Sender } from './request/send.ts';
import { createTrust, type Trust } from './egress/trust.ts';
import { ConfigError } from '../event/errors.ts';
import type { Log } from '../event/log.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { listFormats, type Formats } from '../format/formats.ts';
import type { MatchIndex } from '../match/match-index.ts';
import { ownServices } from './egress/protected-addresses.ts';
import { templateFormats } from '../render/template-formats.ts';
import { RenderPool } from '../render/pool.ts';
import type { SettingSync } from '../setting/setting-sync.ts';

export interface OutgoingOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** The present one first, 32 bytes each. */
  readonly secretKeys: readonly Buffer[];
  readonly lookup: Lookup;
  /** To one receiver. */
  readonly connectionsMax: number;
  /** The index of this moment. */
  readonly index: () => Pick<MatchIndex, 'isRootAccount' | 'domainOf'>;
  readonly settings: Pick<SettingSync, 'of' | 'privateRangesOf'>;
  /** The egress guard refused a connection by a rule of this kind. */
  readonly onBlocked: EgressOptions['onBlocked'];
  readonly log: Log;
}

export interface Outgoing {
  readonly formats: Formats;
  /** Runs the templates of webhooks. */
  readonly templates: RenderPool;
  readonly request: BuildRequest;
  readonly batch: BuildBatch;
  readonly sender: Sender;
  readonly testDelivery: MakeTestDelivery;
  readonly validate: Validate;
}

/** @throws {ConfigError} when the configured certificates cannot be used. */
export function openOutgoing(options: OutgoingOptions): Outgoing {
  const { config, secretKeys, settings, log } = options;
  const templates = new RenderPool({ ...config.templates, log });
  const formats = listFormats(templateFormats(templates));
  const { responseBytesMax } = config.dispatch;
  const origin = originOf(config);
  const { connector } = openEgress(options);
  const { request, batch } = createRequestBuilder({
    formats,
    unseal: sealed => unseal(secretKeys, sealed),
    encoding: config.signature.encoding,
    origin,
    reach: createReachOf(options),
    now: Date.now,
  });
  const testDelivery = createTestDelivery({
    connector,
    request,
    responseBytesMax,
    timeoutMsOf: webhook => settings.of(webhook).timeoutMs,
    success: config.success.codes,
    now: Date.now,
  });
  return {
    batch,
    formats,
    templates,
    request,
    sender: createSender({ connector, concurrency: options.connectionsMax, responseBytesMax }),
    testDelivery,
    validate: createValidate(testDelivery, origin),
  };
}

/** Who sends, as receivers are told who ask: the name users know Hookline by. */
function originOf({ http: { publicUrl } }: Config): string {
  return publicUrl === undefined ? machineName() : new URL(publicUrl).hostname;
}

export interface EgressParts {
  readonly egress: Egress;
  readonly connector: OpenConnector;
}

/**
 * The guard, and the connections it lets through.
 *
 * @throws {ConfigError} when the configured certificates cannot be used.
 */
export function openEgress({
  config,
  databaseUrl,
  lookup: resolve,
  onBlocked,
}: Pick<OutgoingOptions, 'config' | 'databaseUrl' | 'lookup'> &
  Pick<EgressOptions, 'onBlocked'>): EgressParts {
  const egress = createEgress({
    ...config.egress,
    services: ownServices(config, databaseUrl),
    lookup: resolve,
    ownAddresses,
    onBlocked,
  });
  const { proxy } = config.egress;
  const trust = openTrust(config);
  const connector = createConnectors({
    egress,
    trust,
    ...(proxy && {
      proxy: { ...proxy, goesDirect: readNoProxy(proxy.noProxy), secureContext: trust() },
    }),
  });
  return { egress, connector };
}

/** Finds the reach of a webhook's owner, whatever domain the webhook's scope names. */
function createReachOf({
  index,
  settings,
}: Pick<OutgoingOptions, 'index' | 'settings'>): (webhook: Webhook) => Reach {
  const known = new WeakMap<readonly string[], Reach>();
  const reachTo = (ranges: readonly string[]): Reach => {
    const reach = known.get(ranges) ?? createReach(ranges);
    known.set(ranges, reach);
    return reach;
  };
  return ({ accountId }) => {
    const { isRootAccount, domainOf } = index();
    if (isRootAccount(accountId)) return rootReach;
    const domainId = domainOf(accountId);
    return domainId === undefined ? tenantReach : reachTo(settings.privateRangesOf(domainId));
  };
}

function openTrust({ egress }: Config): Trust {
  try {
    return createTrust(egress.tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`egress.tls: expected certificates and the key of certFile: ${reason}`]);
  }
}

/** As the system resolves names, its own files included. */
export const systemLookup: Lookup = async hostname => lookup(hostname, { all: true });

/** They may change while the process runs; asking costs microseconds, and only a new connection asks. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(
    addresses => addresses?.map(({ address }) => address) ?? [],
  );
}
