/** How it all goes: what fails first, then numbers and lines over an hour, a day or a week. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { Source, Stats, Webhook } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { identity } from '../../client/session.ts';
import { HealthBadge, SourceBadge } from '../../part/badge.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { SelectField } from '../../part/field.tsx';
import { oneOf, useFilters } from '../../part/data/filters.ts';
import { EmptyNote } from '../../part/note.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';
import { fillGaps } from './fill-gaps.ts';
import type { Point } from './fill-gaps.ts';
import { LineChart } from './line-chart.tsx';
import type { Line } from './line-chart.tsx';

const refreshMs = 15_000;

/** Milliseconds, and the length of a bucket in seconds. */
const periods = {
  hour: { ms: 3_600_000, bucket: 60 },
  day: { ms: 86_400_000, bucket: 1_800 },
  week: { ms: 604_800_000, bucket: 21_600 },
} as const;

interface Numbers {
  readonly total: Stats;
  readonly overTime: Stats;
}

export const Overview = defineComponent(() => {
  const filters = useFilters(['period'] as const);
  const period = () => oneOf(periods, filters.values.value.period) ?? 'hour';
  const numbers = useOne<Numbers>({
    key: () => ['stats', period()],
    refreshMs,
    load: async signal => {
      const { ms, bucket } = periods[period()];
      const from = new Date(Date.now() - ms).toISOString();
      const query = { from, by: 'time', bucket };
      const [total, overTime] = await Promise.all([
        ask(client.GET('/v1/stats', { signal, params: { query: { from } } })),
        ask(client.GET('/v1/stats', { signal, params: { query } })),
      ]);
      return { total, overTime };
    },
  });
  const troubled = useOne<readonly Webhook[]>({
    key: () => ['troubled'],
    refreshMs,
    load: loadTroubled,
  });
  return () => (
    <div class="stack">
      <PageHead
        title={text.overview.title}
        about={text.overview.about}
        actions={
          <SelectField
            id="overview-period"
            label={text.overview.period}
            options={text.overview.periods}
            value={period()}
            set={value => filters.set('period', value === 'hour' ? '' : value)}
          />
        }
      />
      <h2>{text.overview.troubled}</h2>
      {[showOne(troubled, webhooks => <Troubled webhooks={webhooks} />)]}
      {identity.value?.role === 'Admin' ? <Intake /> : null}
      <h2>{text.overview.deliveries}</h2>
      {[showOne(numbers, each => <Figures numbers={each} />)]}
    </div>
  );
});

const troubles = ['open', 'failing', 'disabled', 'paused'] as const;
const shownMax = 50;

/** Those that are in trouble, the worst first. */
async function loadTroubled(signal: AbortSignal): Promise<readonly Webhook[]> {
  const pages = await Promise.all(
    troubles.map(async health => {
      const query = { health, limit: shownMax };
      return ask(client.GET('/v1/webhooks', { signal, params: { query } }));
    }),
  );
  return pages.flatMap(({ items }) => items);
}

const columns: readonly Column<Webhook>[] = [
  {
    label: text.webhooks.columns.name,
    isName: true,
    cell: ({ id, name }) => (
      <RouterLink class="break" to={`/webhooks/${id}`}>
        {() => name}
      </RouterLink>
    ),
  },
  {
    label: text.webhooks.columns.health,
    cell: ({ health: { state } }) => <HealthBadge state={state} />,
  },
  {
    label: text.overview.columns.reason,
    cell: ({ health: { reason, lastError } }) => (
      <span class="break">{reason ?? lastError ?? ''}</span>
    ),
  },
  {
    label: text.webhooks.columns.backlog,
    isNumber: true,
    cell: ({ health: { backlog } }) => text.number(backlog),
  },
];

function Troubled({ webhooks }: { readonly webhooks: readonly Webhook[] }): VNode {
  return webhooks.length === 0 ? (
    <EmptyNote
      title={text.overview.noTrouble.title}
      about={text.overview.noTrouble.about}
      next={<RouterLink to="/webhooks">{() => text.webhooks.title}</RouterLink>}
    />
  ) : (
    <DataTable
      caption={text.overview.troubled}
      columns={columns}
      rows={webhooks}
      idOf={({ id }) => id}
    />
  );
}

interface IntakeState {
  readonly sources: readonly Source[];
  readonly isQuarantineEmpty: boolean;
  readonly unknown: number;
}

const Intake = defineComponent(() => {
  const one = useOne<IntakeState>({
    key: () => ['intake'],
    refreshMs,
    load: async signal => {
      const limited = { signal, params: { query: { limit: 100 } } };
      const [sources, quarantine, unknown] = await Promise.all([
        ask(client.GET('/v1/sources', { signal })),
        ask(client.GET('/v1/quarantine', { signal, params: { query: { limit: 1 } } })),
        ask(client.GET('/v1/directory/unknown', limited)),
      ]);
      return {
        sources: sources.items,
        isQuarantineEmpty: quarantine.items.length === 0,
        unknown: unknown.items.length,
      };
    },
  });
  return () => (
    <div class="stack">
      <h2>{text.overview.intake}</h2>
      {[showOne(one, state => <IntakeCards state={state} />)]}
    </div>
  );
});

function IntakeCards({
  state: { sources, isQuarantineEmpty, unknown },
}: {
  readonly state: IntakeState;
}) {
  return (
    <div class="grid">
      {sources.map(({ name, state, lag }) => (
        <RouterLink key={name} class="card figure" to="/sources">
          {() => [
            <span class="muted">{name}</span>,
            <SourceBadge state={state} />,
            <span>{lag === undefined ? text.sources.unknown : text.overview.lag(lag)}</span>,
          ]}
        </RouterLink>
      ))}
      <RouterLink class="card figure" to="/quarantine">
        {() => [
          <span class="muted">{text.quarantine.title}</span>,
          <span>
            {isQuarantineEmpty ? text.overview.quarantineEmpty : text.overview.quarantined}
          </span>,
        ]}
      </RouterLink>
      <div class="card figure">
        <span class="muted">{text.overview.unknown}</span>
        <strong>{text.number(unknown)}</strong>
      </div>
    </div>
  );
}

function Figures({ numbers: { total, overTime } }: { readonly numbers: Numbers }): VNode {
  return (
    <div class="stack">
      {total.isComplete ? null : <p class="note note-warn">{text.overview.incomplete}</p>}
      <div class="grid">
        {figuresOf(total).map(([label, value]) => (
          <div key={label} class="card figure">
            <span class="muted">{label}</span>
            <strong>{value}</strong>
          </div>
        ))}
      </div>
      <Charts overTime={overTime} />
    </div>
  );
}

function figuresOf({ items: [sum] }: Stats): readonly (readonly [label: string, value: string])[] {
  const { figures } = text.overview;
  const { delivered = 0, failed = 0, pending = 0, successRate = null, durationMs } = sum ?? {};
  return [
    [figures.delivered, text.number(delivered)],
    [figures.failed, text.number(failed)],
    [figures.pending, text.number(pending)],
    [figures.success, successRate === null ? text.webhooks.none : text.percent(successRate)],
    [figures.p50, ms(durationMs?.p50)],
    [figures.p95, ms(durationMs?.p95)],
    [figures.p99, ms(durationMs?.p99)],
  ];
}

function Charts({ overTime }: { readonly overTime: Stats }): VNode {
  const { figures, charts } = text.overview;
  const points = fillGaps(overTime);
  const at = points.map(point => point.at);
  const line = (label: string, colour: string, key: Exclude<keyof Point, 'at'>): Line => ({
    label,
    colour,
    values: points.map(point => point[key]),
  });
  return (
    <div class="sides">
      <div class="card">
        <LineChart
          label={charts.deliveries}
          at={at}
          lines={[
            line(figures.delivered, 'good', 'delivered'),
            line(figures.failed, 'bad', 'failed'),
          ]}
        />
      </div>
      <div class="card">
        <LineChart
          label={charts.durations}
          at={at}
          lines={[
            line(figures.p50, 'good', 'p50'),
            line(figures.p95, 'warn', 'p95'),
            line(figures.p99, 'bad', 'p99'),
          ]}
        />
      </div>
    </div>
  );
}

const ms = (value: number | null = null): string =>
  value === null ? text.webhooks.none : text.deliveries.ms(value);
