/**
 * Hookline put together: every component started in the order in which they need each other, and stopped in reverse.
 *
 *     sources → ingest → recorder ⇒ dispatcher → sender
 *                   lease, match sync, claimer, backlog watch, janitor and API beside them
 */
import type { Intake } from './source/intake.ts';
import { watchBacklog } from './upkeep/backlog.ts';
import type { MakeTestDelivery } from './dispatch/test-delivery/test-delivery.ts';
import type { Validate } from './dispatch/test-delivery/validate.ts';
import type { JudgeUrl } from './dispatch/egress/judge-url.ts';
import type { Formats } from './format/formats.ts';
import type { MatchSync } from './match/match-sync.ts';
import { runJanitor } from './upkeep/janitor.ts';
import { type Metrics } from './metrics.ts';
import type { PositionStore } from './event/message.ts';
import type { Source } from './source/source.ts';
import { databaseOf } from './store/database.ts';
import { changePositions, listPositions } from './store/record/position.ts';
import { createEffort, type Effort } from './store/connection/effort.ts';
import { createRedrive, type Redrive } from './record/redrive.ts';
import { reasonOf, withRecording } from './source/recording.ts';
import { intakesOf, openOwnSource, openSource } from './source/sources.ts';
import { runExpiry } from './upkeep/expiry.ts';
import { runTrimmer } from './upkeep/trimmer.ts';
import type { Webhook } from './webhook/webhook.ts';
import { type AppOptions, openComponents, type Components, secretKeysOf } from './wire.ts';

export interface App {
  readonly metrics: Metrics;
  readonly sources: readonly Source[];
  /** The sources that take posted messages. */
  readonly intakes: readonly Intake[];
  /** Makes a test delivery. */
  readonly testDelivery: MakeTestDelivery;
  /** Asks a receiver whether it wants deliveries. */
  readonly validate: Validate;
  readonly judgeUrl: JudgeUrl;
  readonly formats: Formats;
  /** Redrives a message of the quarantine. */
  readonly redrive: Redrive;
  /** What follows changes of webhooks, settings, accounts and domains. */
  readonly sync: Pick<MatchSync, 'catchUp' | 'hearsNotifications'>;
  /**
   * Stops the intake, lets attempts in flight end within `config.shutdownMs`, writes or gives back the rest, and
   * leaves, so that another process can go on at once.
   */
  stop(): Promise<void>;
}

/** @throws as `openComponents`. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log, store } = options;
  const components = await openComponents(options);
  const inlets = options.roles.includes('ingest') ? await openSources(options, components) : [];
  const sources = inlets.map(({ source }) => source);
  const intake = new AbortController();
  const background = new AbortController();
  const backlog = watchBacklog({
    store,
    days: components.days,
    sources,
    max: config.dispatch.backlogMax,
    log,
  });
  components.metrics.watch(() => ({
    inMemory: components.dispatcher.size,
    inFlight: components.dispatcher.inFlight,
    waiting: backlog.waiting,
    areNotificationsMissing: components.sync.hearsNotifications === false,
    sources: sources.map(source => ({ name: source.name, status: source.status() })),
  }));
  const running = Promise.all([
    backlog.run(background.signal),
    ...runBackground(options, components, background.signal),
  ]);
  const ingesting = Promise.all(inlets.map(inlet => runSource(components, inlet, intake.signal)));
  return {
    metrics: components.metrics,
    sources,
    intakes: intakesOf(config, sources),
    testDelivery: components.transport.testDelivery,
    validate: components.transport.validate,
    judgeUrl: components.transport.judgeUrl,
    formats: components.transport.formats,
    sync: components.sync,
    redrive: createRedrive({
      ...components,
      store,
      readBatch: source => components.tenancy.readBatch(source),
      signal: intake.signal,
    }),
    async stop() {
      intake.abort();
      await ingesting;
      await finish(options, components);
      background.abort();
      await running;
      // Without a database the lease lapses instead, and whoever comes next takes over.
      await components.lease
        .leave()
        .catch((error: unknown) => log.warn({ err: error }, 'lease.not_left'));
      components.transport.templates.close();
      components.transport.sender.close();
    },
  };
}

interface Inlet {
  /** Its state tells whether it is recorded what it brings. */
  readonly source: Source;
  /** To record that. */
  readonly effort: Effort;
}

async function openSources(
  { config, store, log }: AppOptions,
  { metrics, lease }: Components,
): Promise<readonly Inlet[]> {
  const positions: PositionStore = {
    list: source => listPositions(databaseOf(store), source),
    async change(source, changes) {
      const isStored = await changePositions(store, source, changes);
      if (isStored) metrics.lost(source, Number(changes.reduce((sum, one) => sum + one.lost, 0n)));
      return isStored;
    },
  };
  const opened = await Promise.all(
    config.sources.map(source =>
      openSource(source, { config, positions, log: log.child({ source: source.name }) }),
    ),
  );
  return [...opened, openOwnSource(config, log)].map(source => {
    const effort = openEffort(source.name, log);
    const trouble = (): Error | undefined => effort.trouble() ?? lease.trouble();
    return { source: withRecording(source, trouble), effort };
  });
}

/** Gives attempts in flight the grace to end; then a moment to write their outcomes. */
async function finish({ config }: AppOptions, { dispatcher, writer }: Components): Promise<void> {
  await dispatcher.stop(AbortSignal.timeout(config.shutdownMs));
  await writer.drain(AbortSignal.timeout(Math.max(config.shutdownMs, writeGraceMs)));
}

const writeGraceMs = 2_000;
function runBackground(
  options: AppOptions,
  {
    metrics,
    sync,
    settings,
    lease,
    breakerSync,
    dispatcher,
    days,
    claimer,
    tenancy,
    announce,
  }: Components,
  signal: AbortSignal,
): Promise<void>[] {
  const { config, store, roles: running, log } = options;
  const spilling = setInterval(() => dispatcher.spillAged(), config.dispatch.laneWaitMs / 2);
  signal.addEventListener('abort', () => clearInterval(spilling));
  const webhook = (id: string): Webhook | undefined => sync.index.webhook(id);
  const janitor = {
    store,
    retentionDays: config.retention.days,
    keyHours: config.retention.keyHours,
    secretKeys: secretKeysOf(options),
    now: () => new Date(),
    log,
  };
  return [
    sync.run(signal),
    lease.keep(signal),
    breakerSync.run(signal),
    tenancy.run(signal),
    ...(running.includes('dispatch') ? [claimer.run(signal)] : []),
    ...(running.includes('janitor')
      ? [
          runJanitor(janitor, signal),
          runTrimmer({ store, settings, webhook, log }, signal),
          runExpiry(
            {
              store,
              days,
              settings,
              webhook,
              backlogMax: config.dispatch.backlogMax,
              now: Date.now,
              onGivenUp: (reason, count) => metrics.givenUp(reason, count),
              onFull: one =>
                announce('WEBHOOK.BACKLOG', one, 'its oldest deliveries were given up'),
              log,
            },
            signal,
          ),
        ]
      : []),
  ];
}

/** A failure that is not repeated is forgotten: another replica may have recorded the messages. */
const forgetMs = 15_000;

function openEffort(source: string, log: AppOptions['log']): Effort {
  const onTurn = (error?: Error): void => {
    if (error) log.warn({ source, state: 'waiting', reason: reasonOf(error) }, 'source.changed');
    else log.info({ source, state: 'running' }, 'source.changed');
  };
  return createEffort({ clock: () => performance.now(), forgetMs, onTurn });
}

function runSource(
  { normalizers, ingest, tenancy }: Components,
  { source, effort }: Inlet,
  signal: AbortSignal,
): Promise<void> {
  const configured = normalizers.bySource.get(source.name);
  if (!configured) throw new RangeError(`the source ${source.name} has no normalizer`);
  return source.run(async batch => {
    const reading = tenancy.readBatch(configured);
    try {
      await ingest.record({ ...reading, source: source.name, batch, signal, effort });
    } finally {
      effort.ended();
    }
    reading.count();
  }, signal);
}
