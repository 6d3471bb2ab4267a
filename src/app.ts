/**
 * Hookline put together: every part made once, started in the order they need each other, stopped in reverse.
 *
 *     sources → ingest → recorder ⇒ dispatcher → sender
 *                   lease, match sync, claimer, backlog watch, janitor and API beside them
 */
import type { Intake } from './source/intake.ts';
import { watchBacklog } from './upkeep/backlog.ts';
import type { Probe } from './dispatch/test-delivery/test-delivery.ts';
import type { Validate } from './dispatch/test-delivery/validate.ts';
import type { Formats } from './format/formats.ts';
import { runJanitor } from './upkeep/janitor.ts';
import { type Metrics } from './metrics.ts';
import type { Source } from './source/source.ts';
import { createRetry, type Retry } from './record/redrive.ts';
import { intakesOf, openOwnSource, openSource } from './source/sources.ts';
import { runTrimmer } from './upkeep/retention.ts';
import { type AppOptions, openParts, type Parts, secretKeysOf } from './wire.ts';

export interface App {
  readonly metrics: Metrics;
  readonly sources: readonly Source[];
  /** Those of them that are posted to. */
  readonly intakes: readonly Intake[];
  /** Makes a test delivery. */
  readonly probe: Probe;
  /** Asks a receiver whether it wants deliveries. */
  readonly validate: Validate;
  readonly formats: Formats;
  /** Reads a message of the quarantine again. */
  readonly retry: Retry;
  /**
   * Stops taking in, lets what is in flight end within `config.shutdownMs`, writes down or gives back the rest, and
   * leaves, so that another process can go on at once.
   */
  stop(): Promise<void>;
}

/** @throws as `openParts`. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, log, store } = options;
  const parts = await openParts(options);
  const sources = options.roles.includes('ingest')
    ? [
        ...config.sources.map(source =>
          openSource(source, config, log.child({ source: source.name })),
        ),
        openOwnSource(config, log),
      ]
    : [];
  const intake = new AbortController();
  const background = new AbortController();
  const backlog = watchBacklog({ store, sources, max: config.dispatch.backlogMax, log });
  parts.metrics.watch(() => ({
    inMemory: parts.dispatcher.size,
    inFlight: parts.dispatcher.inFlight,
    waiting: backlog.waiting,
    sources: sources.map(source => ({ name: source.name, status: source.status() })),
  }));
  const running = Promise.all([
    backlog.run(background.signal),
    ...runBackground(options, parts, background.signal),
  ]);
  const ingesting = Promise.all(sources.map(source => runSource(parts, source, intake.signal)));
  return {
    metrics: parts.metrics,
    sources,
    intakes: intakesOf(config, sources),
    probe: parts.outgoing.probe,
    validate: parts.outgoing.validate,
    formats: parts.outgoing.formats,
    retry: createRetry({
      ...parts,
      store,
      readBatch: source => parts.tenancy.readBatch(source),
      signal: intake.signal,
    }),
    async stop() {
      intake.abort();
      await ingesting;
      await finish(options, parts);
      background.abort();
      await running;
      // Without a database the lease lapses instead, and whoever comes next takes over.
      await parts.lease
        .leave()
        .catch((error: unknown) => log.warn({ err: error }, 'lease.not_left'));
      parts.outgoing.templates.close();
      await parts.outgoing.sender.close();
    },
  };
}

/** What is in flight gets the grace to end; then a moment to write down what became of it all. */
async function finish({ config }: AppOptions, { dispatcher, writer }: Parts): Promise<void> {
  await dispatcher.stop(AbortSignal.timeout(config.shutdownMs));
  await writer.drain(AbortSignal.timeout(Math.max(config.shutdownMs, writeGraceMs)));
}

const writeGraceMs = 2_000;
function runBackground(
  options: AppOptions,
  { sync, settings, lease, dispatcher, claimer, tenancy }: Parts,
  signal: AbortSignal,
): Promise<void>[] {
  const { config, store, roles: running, log } = options;
  const spilling = setInterval(() => dispatcher.spillAged(), config.dispatch.laneWaitMs / 2);
  signal.addEventListener('abort', () => clearInterval(spilling));
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
    tenancy.run(signal),
    ...(running.includes('dispatch') ? [claimer.run(signal)] : []),
    ...(running.includes('janitor')
      ? [
          runJanitor(janitor, signal),
          runTrimmer({ store, settings, webhook: id => sync.index.webhook(id), log }, signal),
        ]
      : []),
  ];
}

function runSource(
  { normalizers, ingest, tenancy }: Parts,
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  const configured = normalizers.bySource.get(source.name);
  if (!configured) throw new RangeError(`the source ${source.name} has no normalizer`);
  return source.run(async batch => {
    const reading = tenancy.readBatch(configured);
    await ingest.record({ ...reading, source: source.name, batch, signal });
    reading.count();
  }, signal);
}
