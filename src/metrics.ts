/** The metrics for Prometheus. Each number is counted in one place, by one call. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Verdict } from './outcome/classify.ts';
import type { RecordedCounts } from './record/held-batch.ts';
import type { TenancyMetrics } from './directory/tenancy.ts';
import type { SourceStatus } from './source/source.ts';

export interface Metrics extends TenancyMetrics {
  readonly registry: Registry;
  recorded(source: string, counts: RecordedCounts): void;
  /** Records that Kafka deleted before they were read. */
  lost(source: string, count: number): void;
  attempted(durationMs: number, verdict: Verdict['kind']): void;
  /** Waiting deliveries ended as failed for this reason. */
  givenUp(reason: string, count: number): void;
  /** A connection was refused by an egress rule of this kind. */
  egressBlocked(rule: string): void;
  /** This machine could not make an attempt, by the system's code: `EMFILE`. */
  ranShort(code: string): void;
  /** Registers what the gauges are read from, whenever the page is requested. */
  watch(read: () => GaugeValues): void;
}

export interface GaugeValues {
  readonly inMemory: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly areNotificationsMissing: boolean;
  readonly sources: readonly { readonly name: string; readonly status: SourceStatus }[];
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const messages = new Counter({
    name: 'hookline_messages_total',
    help: 'Messages settled, by source and result (event, quarantined in whole or in part, repeated, dropped).',
    labelNames: ['source', 'result'] as const,
    registers,
  });
  const attempts = new Counter({
    name: 'hookline_attempts_total',
    help: 'Attempts that ended, by verdict (delivered, retry, failed, gone).',
    labelNames: ['verdict'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'hookline_attempt_duration_seconds',
    help: 'Duration of attempts, from connecting to the end of the response.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const unknownAccounts = new Counter({
    name: 'hookline_unknown_account_events_total',
    help: 'Events of an account the directory does not know; they reach Global webhooks only.',
    registers,
  });
  const lookUps = new Counter({
    name: 'hookline_directory_look_ups_total',
    help: 'Accounts looked up in the cloud because the directory did not know them (found, unknown, failed).',
    labelNames: ['result'] as const,
    registers,
  });
  return {
    registry,
    recorded(source, counts) {
      messages.inc({ source, result: 'repeated' }, counts.repeated);
      messages.inc({ source, result: 'quarantined' }, counts.quarantined);
      messages.inc({ source, result: 'dropped' }, counts.dropped);
      messages.inc(
        { source, result: 'event' },
        counts.messages - counts.repeated - counts.quarantined - counts.dropped,
      );
    },
    attempted(durationMs, verdict) {
      attempts.inc({ verdict });
      duration.observe(durationMs / 1_000);
    },
    unknownAccount: () => unknownAccounts.inc(),
    accountAskedFor: result => lookUps.inc({ result }),
    ...countLosses(registry),
    ...countRefusals(registry),
    ...watchDirectory(registry),
    watch: read => registerGauges(registry, read),
  };
}

function countLosses(registry: Registry): Pick<Metrics, 'lost'> {
  const lost = new Counter({
    name: 'hookline_source_lost_total',
    help: 'Messages that the bus deleted before they were recorded, found by this process.',
    labelNames: ['source'] as const,
    registers: [registry],
  });
  return { lost: (source, count) => lost.inc({ source }, count) };
}

function countRefusals(
  registry: Registry,
): Pick<Metrics, 'givenUp' | 'egressBlocked' | 'ranShort'> {
  const registers = [registry];
  const blocked = new Counter({
    name: 'hookline_egress_blocked_total',
    help: 'Connections to receivers that an egress rule refused, by the kind of rule.',
    labelNames: ['rule'] as const,
    registers,
  });
  const givenUp = new Counter({
    name: 'hookline_deliveries_given_up_total',
    help: 'Waiting deliveries that ended as failed, by reason (expired, backlog limit).',
    labelNames: ['reason'] as const,
    registers,
  });
  const shortages = new Counter({
    name: 'hookline_shortages_total',
    help: 'Attempts that this machine could not make for want of open files, buffers or the like, by the code of the error; they do not count as tries.',
    labelNames: ['code'] as const,
    registers,
  });
  return {
    ranShort: code => shortages.inc({ code }),
    givenUp: (reason, count) => givenUp.inc({ reason }, count),
    egressBlocked: rule => blocked.inc({ rule }),
  };
}

function registerGauges(registry: Registry, read: () => GaugeValues): void {
  const registers = [registry];
  const gauge = (name: string, help: string, valueOf: (watched: GaugeValues) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(valueOf(read()));
      },
    });
  gauge('hookline_deliveries_in_memory', 'Deliveries in the window.', watched => watched.inMemory);
  gauge('hookline_requests_in_flight', 'Requests in flight.', watched => watched.inFlight);
  gauge(
    'hookline_deliveries_waiting',
    'Deliveries waiting in the database, counted up to backlogMax.',
    watched => watched.waiting,
  );
  gauge(
    'hookline_notifications_missing',
    "1 while PostgreSQL's notifications do not arrive, so that changes are polled for.",
    watched => Number(watched.areNotificationsMissing),
  );
  watchSources(registry, () => read().sources);
}

function watchSources(registry: Registry, read: () => GaugeValues['sources']): void {
  registry.registerMetric(
    new Gauge({
      name: 'hookline_source_lag',
      help: 'Messages on the bus that are not recorded yet; absent while unknown.',
      labelNames: ['source'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { name, status } of read()) {
          if (status.lag !== undefined) this.set({ source: name }, status.lag);
        }
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'hookline_source_bindings_restored_total',
      help: 'Bindings of RabbitMQ sources that had been missing and were made again; what was sent to their exchanges meanwhile is lost.',
      labelNames: ['source'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { name, status } of read()) {
          this.inc({ source: name }, status.bindingsRestored?.count ?? 0);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'hookline_source_state',
      help: '1 for the state each source is in.',
      labelNames: ['source', 'state'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { name, status } of read()) {
          this.set({ source: name, state: status.state }, 1);
        }
      },
    }),
  );
}

/**
 * Gauges of the directory. Its age grows by itself between two reads of the database, and while there is no database.
 */
function watchDirectory(registry: Registry): Pick<Metrics, 'directory' | 'directorySynced'> {
  let snapshotAtMs = -Infinity;
  let held = 0;
  return {
    directory() {
      addGauge(
        registry,
        {
          name: 'hookline_directory_age_seconds',
          help: "Since the directory was last read from the cloud's API; +Inf before the first time.",
        },
        () => (performance.now() - snapshotAtMs) / 1_000,
      );
      addGauge(
        registry,
        {
          name: 'hookline_directory_removals_held',
          help: "Accounts and domains missing in the cloud's answer, too many to be taken for gone.",
        },
        () => held,
      );
    },
    directorySynced({ ageSeconds, removalsHeld }) {
      snapshotAtMs = ageSeconds === null ? -Infinity : performance.now() - ageSeconds * 1_000;
      held = removalsHeld;
    },
  };
}

function addGauge(
  registry: Registry,
  described: { readonly name: string; readonly help: string },
  valueOf: () => number,
): Gauge {
  return new Gauge({
    ...described,
    registers: [registry],
    collect() {
      this.set(valueOf());
    },
  });
}
