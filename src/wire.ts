/** Every component of one process, each created once, in the order in which they need each other. */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { BreakerSync } from './dispatch/engine/breaker/breaker-sync.ts';
import { Breakers } from './dispatch/engine/breaker/breakers.ts';
import { createClaimer, type Claimer } from './dispatch/engine/claimer.ts';
import { Dispatcher } from './dispatch/engine/dispatcher.ts';
import type { Lookup } from './dispatch/egress/guard.ts';
import { Writer } from './dispatch/engine/writer.ts';
import { createIdGenerator } from './event/id.ts';
import { Ingest } from './record/ingest.ts';
import { MatchSync } from './match/match-sync.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { ownSourceName } from './config/source/source.ts';
import { createNormalizers, type Normalizers } from './normalize/normalizers.ts';
import { createResolver } from './dispatch/egress/name/resolve-name.ts';
import { tellDisablings, type OnDisabled } from './dispatch/disablings.ts';
import { openTransport, type Transport } from './dispatch/transport.ts';
import { createAnnouncer, type Announce } from './record/announcer.ts';
import { openLease, type Lease } from './record/lease.ts';
import { createRecorder } from './record/recorder.ts';
import { settingDefaults } from './setting/definition.ts';
import { SettingSync } from './setting/setting-sync.ts';
import { disableWebhook } from './store/webhook/webhook.ts';
import { databaseOf, type Store } from './store/database.ts';
import type { Webhook } from './webhook/webhook.ts';
import { createWaitingDays, type WaitingDays } from './store/delivery/days.ts';
import { openTenancy, type Tenancy } from './directory/tenancy.ts';

export const processRoles = ['ingest', 'dispatch', 'api', 'janitor'] as const;
export type ProcessRole = (typeof processRoles)[number];

export interface AppOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** The database, migrated. The app does not close it. */
  readonly store: Store;
  /** Key of 32 bytes that secrets are sealed with. */
  readonly secretKey: Buffer;
  readonly roles: readonly ProcessRole[];
  /** Resolves receivers' names; the system's look-up when absent. */
  readonly lookup?: Lookup;
  readonly log: Logger;
}

/** Makes the ids of events. There is one for the process: the watermark needs every id above the one before. */
export const newId = createIdGenerator(Date.now, randomBytes);

export interface Components {
  readonly normalizers: Normalizers;
  readonly metrics: Metrics;
  readonly sync: MatchSync;
  readonly settings: SettingSync;
  readonly lease: Lease;
  readonly transport: Transport;
  readonly writer: Writer;
  readonly breakers: Breakers;
  readonly breakerSync: BreakerSync;
  readonly dispatcher: Dispatcher;
  readonly days: WaitingDays;
  readonly claimer: Claimer;
  readonly ingest: Ingest;
  readonly tenancy: Tenancy;
  /** Records Hookline's own events. */
  readonly announce: Announce;
}

/**
 * @throws {ConfigError} as `createNormalizers`.
 * @throws when the database cannot be read.
 */
export async function openComponents(options: AppOptions): Promise<Components> {
  const { config, databaseUrl, store, log } = options;
  const normalizers = createNormalizers(config);
  const metrics = createMetrics();
  const days = createWaitingDays(Date.now);
  const onDisabled: OnDisabled = (...told) => announce('WEBHOOK.DISABLED', ...told);
  const sync = await MatchSync.open({
    store,
    databaseUrl,
    resyncMs: config.match.resyncMs,
    onDue: isOld => claimer.wake(isOld),
    onWebhook: () => claimer.wake(),
    onSetting: () => settings.reload(),
    onTree: () => settings.forget(),
    onHealth: id => (id === undefined ? breakerSync.reload() : breakerSync.announce(id)),
    onDisabled: () =>
      void tellDisablings({ store, webhook: id => sync.index.webhook(id), onDisabled, log }),
    log,
  });
  const settings = await SettingSync.open({
    store,
    defaults: settingDefaults(config.dispatch),
    timeoutMsMax: config.dispatch.timeoutMsMax,
    waitMsMax: config.dispatch.backoff.waitMsMax,
    pathOf: id => sync.index.pathOf(id),
    log,
  });
  const lease = await openLease({
    store,
    ttlMs: config.lease.ttlMs,
    newId,
    onLost: () => dispatcher.drop(),
    log,
  });
  const { flushMs, flushMax, windowMax } = config.dispatch;
  const processId = (): number => lease.processId;
  const transport = openOutgoing(options, { metrics, sync, settings });
  const breakers = new Breakers({ now: Date.now, random: Math.random });
  const breakerSync = await BreakerSync.open({
    store,
    breakers,
    onTurn: (id, failure) => announceTurn(announce, sync.index.webhook(id), failure),
    log,
  });
  const writer = new Writer({ store, processId, flushMs, flushMax, log });
  const sending = { metrics, sync, settings, transport, writer, breakers };
  const dispatcher = openDispatcher(options, {
    ...sending,
    onDisabled,
    onPending: () => claimer.expect(),
  });
  breakers.watch({ closed: () => claimer.wake() });
  settings.watch(() => dispatcher.resize(settings.number('webhook.delivery.thread.pool.size')));
  const claimer = createClaimer({ store, days, processId, dispatcher, windowMax, sync, log });
  const ingest = openIngest(options, { metrics, lease, dispatcher });
  const tenancy = openDirectory(options, { metrics, sync });
  const announce = openAnnouncer({ ingest, tenancy, normalizers }, log);
  const recording = { normalizers, lease, ingest, tenancy, announce };
  return { ...sending, ...recording, breakerSync, dispatcher, days, claimer };
}

function announceTurn(
  announce: Announce,
  webhook: Webhook | undefined,
  failure: { readonly error?: string | undefined } | undefined,
): void {
  if (!webhook) return;
  announce(failure ? 'WEBHOOK.FAILING' : 'WEBHOOK.RECOVERED', webhook, failure?.error);
}

function openOutgoing(
  options: AppOptions,
  { metrics, sync, settings }: Pick<Components, 'metrics' | 'sync' | 'settings'>,
): Transport {
  return openTransport({
    lookup: createResolver(),
    ...options,
    secretKeys: secretKeysOf(options),
    index: () => sync.index,
    settings,
    onBlocked: kind => metrics.egressBlocked(kind),
  });
}

function openAnnouncer(
  { ingest, tenancy, normalizers }: Pick<Components, 'ingest' | 'tenancy' | 'normalizers'>,
  log: Logger,
): Announce {
  const own = normalizers.bySource.get(ownSourceName);
  if (!own) throw new RangeError('the own source has a normalizer');
  const readBatch: Tenancy['readBatch'] = source => tenancy.readBatch(source);
  return createAnnouncer({ ingest, readBatch, scrubber: own.scrubber, now: () => new Date(), log });
}

function openIngest(
  { config, store, log }: AppOptions,
  { metrics, lease, dispatcher }: Pick<Components, 'metrics' | 'lease' | 'dispatcher'>,
): Ingest {
  return new Ingest({
    store,
    lease,
    recorder: createRecorder({ store, processId: () => lease.processId }),
    dispatcher,
    eventMax: config.record.batchMax,
    onRecorded: (source, counts) => {
      metrics.recorded(source, counts);
      log.debug({ source, ...counts }, 'batch.recorded');
    },
    log,
  });
}

/** Counts attempts that failed for want of something here, and says so in the log at most once a minute for each code. */
function createShortageReport(metrics: Metrics, log: AppOptions['log']): (code: string) => void {
  const saidAtMs = new Map<string, number>();
  return code => {
    metrics.ranShort(code);
    const nowMs = performance.now();
    if (nowMs - (saidAtMs.get(code) ?? -Infinity) < shortageLogMs) return;
    saidAtMs.set(code, nowMs);
    log.error({ code }, 'process.ran_short');
  };
}

const shortageLogMs = 60_000;

function openDirectory(
  { config, store, roles: running, log }: AppOptions,
  { metrics, sync }: Pick<Components, 'metrics' | 'sync'>,
): Tenancy {
  return openTenancy({
    config: config.directory,
    store,
    sync,
    metrics,
    newId,
    syncs: running.includes('janitor'),
    dispatches: running.includes('dispatch'),
    log,
  });
}

function openDispatcher(
  { config, store, log }: AppOptions,
  {
    metrics,
    sync,
    settings,
    transport,
    writer,
    breakers,
    onDisabled,
    onPending,
  }: Pick<Components, 'metrics' | 'sync' | 'settings' | 'transport' | 'writer' | 'breakers'> & {
    readonly onDisabled: (webhook: Webhook, reason: string) => void;
    readonly onPending: () => void;
  },
): Dispatcher {
  const disableOnce = async (webhook: Webhook, reason: string): Promise<void> => {
    const { id: webhookId, name } = webhook;
    try {
      if (!(await disableWebhook(databaseOf(store), webhookId, reason))) return;
      log.warn({ webhookId, name, reason }, 'webhook.disabled');
      onDisabled(webhook, reason);
    } catch (error) {
      log.error({ err: error, webhookId }, 'webhook.not_disabled');
    }
  };
  return new Dispatcher({
    ...config.dispatch,
    success: config.success.codes,
    webhook: id => sync.index.webhook(id),
    covers: (webhook, concern) => sync.index.covers(webhook, concern),
    settingsOf: webhook => settings.of(webhook),
    request: transport.request,
    prepare: transport.prepare,
    batch: transport.batch,
    sender: transport.sender,
    disable: (webhook, reason) => void disableOnce(webhook, reason),
    writer,
    breakers,
    random: Math.random,
    onPending,
    onShortage: createShortageReport(metrics, log),
    onAttempt: (webhookId, attempt, verdict) => {
      metrics.attempted(attempt.durationMs, verdict);
      if (verdict === 'delivered') return;
      const { status, error, durationMs } = attempt;
      log.info({ webhookId, verdict, status, error, durationMs }, 'delivery.attempted');
    },
    log,
  });
}

/** The keys that secrets are opened with, the present one first. */
export function secretKeysOf({
  secretKey,
  config,
}: Pick<AppOptions, 'secretKey' | 'config'>): readonly [Buffer, ...Buffer[]] {
  const { secretKeyPrevious } = config;
  return secretKeyPrevious ? [secretKey, secretKeyPrevious] : [secretKey];
}
