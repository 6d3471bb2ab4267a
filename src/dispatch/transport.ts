/** Everything that deliveries and test deliveries are built and sent with: formats, requests, connections. */
import { hostname as machineName } from 'node:os';

import { open as unseal } from '../access/secret/seal.ts';
import type { Config } from '../config/config.ts';
import { openEgress, type EgressOptions } from './egress/egress.ts';
import { createJudgeUrl, type JudgeUrl } from './egress/judge-url.ts';
import { createReach, rootReach, tenantReach, type Reach } from './egress/egress-policy.ts';
import type { BuildBatch } from './request/batch.ts';
import { createRequestBuilder, type BuildRequest, type Prepare } from './request/request.ts';
import { createSender, type Sender } from './request/send.ts';
import { createTestDelivery, type MakeTestDelivery } from './test-delivery/test-delivery.ts';
import { createValidate, type Validate } from './test-delivery/validate.ts';
import type { Log } from '../event/log.ts';
import { listFormats, type Formats } from '../format/formats.ts';
import type { MatchIndex } from '../match/match-index.ts';
import { templateFormats } from '../render/template-formats.ts';
import { RenderPool } from '../render/pool.ts';
import type { SettingSync } from '../setting/setting-sync.ts';
import type { Webhook } from '../webhook/webhook.ts';

export interface TransportOptions extends EgressOptions {
  readonly config: Config;
  /** 32 bytes each, the present one first. */
  readonly secretKeys: readonly Buffer[];
  /** The index of this moment. */
  readonly index: () => Pick<MatchIndex, 'isRootAccount' | 'domainOf'>;
  readonly settings: Pick<SettingSync, 'of' | 'privateRangesOf'>;
  readonly log: Log;
}

export interface Transport {
  readonly formats: Formats;
  /** Runs the templates of webhooks. */
  readonly templates: RenderPool;
  readonly request: BuildRequest;
  readonly prepare: Prepare;
  readonly batch: BuildBatch;
  readonly sender: Sender;
  readonly testDelivery: MakeTestDelivery;
  readonly validate: Validate;
  readonly judgeUrl: JudgeUrl;
}

/** @throws {ConfigError} when the configured certificates cannot be used. */
export function openTransport(options: TransportOptions): Transport {
  const { config, secretKeys, settings, log } = options;
  const templates = new RenderPool({ ...config.templates, log });
  const formats = listFormats(templateFormats(templates));
  const { responseBytesMax } = config.dispatch;
  const origin = originOf(config);
  const { connector, guard } = openEgress(options);
  const reach = createReachOf(options);
  const { request, prepare, batch } = createRequestBuilder({
    formats,
    unseal: sealed => unseal(secretKeys, sealed),
    encoding: config.signature.encoding,
    origin,
    reach,
    now: Date.now,
  });
  const testDelivery = createTestDelivery({
    connector,
    request,
    batch,
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
    prepare,
    sender: createSender({ connector, responseBytesMax }),
    testDelivery,
    validate: createValidate(testDelivery, origin),
    judgeUrl: createJudgeUrl(guard, reach),
  };
}

/** The sender's name in requests for consent: the one users know Hookline by. */
function originOf({ http: { publicUrl } }: Config): string {
  return publicUrl === undefined ? machineName() : new URL(publicUrl).hostname;
}

/** Finds the reach of a webhook's owner, whatever domain the webhook's scope names. */
function createReachOf({
  index,
  settings,
}: Pick<TransportOptions, 'index' | 'settings'>): (webhook: Webhook) => Reach {
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
