/** The deliveries: what was sent where, when, and what came of it. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { Delivery } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { AtTime } from '../../part/at-time.tsx';
import { DeliveryBadge } from '../../part/badge.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { SelectField, TextField } from '../../part/field.tsx';
import { instantOf, oneOf, textOf, useFilters } from '../../part/data/filters.ts';
import type { Filters } from '../../part/data/filters.ts';
import { ListBody, useList } from '../../part/data/list.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { WebhookName } from '../../part/webhook-name.tsx';
import { text } from '../../text/en.ts';
import { lastAnswer } from './last-answer.ts';

const names = ['state', 'eventType', 'entityUuid', 'from', 'to', 'webhookId', 'eventId'] as const;
const refreshMs = 15_000;

export const DeliveryList = defineComponent(() => {
  const filters = useFilters(names);
  const list = useList<Delivery>({
    key: () => ['deliveries', filters.values.value],
    refreshMs,
    load: async (cursor, signal) => {
      const { state, eventType, entityUuid, from, to, webhookId, eventId } = filters.values.value;
      const query = {
        cursor,
        state: oneOf(text.deliveryState, state),
        eventType: textOf(eventType),
        entityUuid: textOf(entityUuid),
        from: instantOf(from),
        to: instantOf(to),
        webhookId: textOf(webhookId),
        eventId: textOf(eventId),
      };
      return ask(client.GET('/v1/deliveries', { signal, params: { query } }));
    },
  });
  return () => (
    <div class="stack">
      <PageHead title={text.deliveries.title} about={text.deliveries.about} />
      <DeliveryFilters filters={filters} />
      <ListBody
        list={list}
        empty={() => <NoDeliveries filters={filters} />}
        table={items => (
          <DataTable
            caption={text.deliveries.title}
            columns={columns}
            rows={items}
            idOf={({ id }) => id}
          />
        )}
      />
    </div>
  );
});

const columns: readonly Column<Delivery>[] = [
  {
    label: text.deliveries.columns.event,
    isName: true,
    cell: ({ id, eventType }) => (
      <RouterLink class="break" to={`/deliveries/${id}`}>
        {() => eventType}
      </RouterLink>
    ),
  },
  { label: text.deliveries.columns.state, cell: ({ state }) => <DeliveryBadge state={state} /> },
  {
    label: text.deliveries.columns.webhook,
    cell: ({ webhookId }) => <WebhookName id={webhookId} />,
  },
  { label: text.deliveries.columns.created, cell: ({ createdAt }) => <AtTime at={createdAt} /> },
  { label: text.deliveries.columns.tries, isNumber: true, cell: ({ tries }) => tries },
  { label: text.deliveries.columns.answer, cell: delivery => lastAnswer(delivery) },
];

interface FilterProps {
  readonly filters: Filters<(typeof names)[number]>;
}

function DeliveryFilters({ filters: { values, set, clear, isFiltered } }: FilterProps): VNode {
  const { labels, any } = text.deliveries.filters;
  const { state, eventType, entityUuid, from, to } = values.value;
  return (
    <form class="filters" role="search" onSubmit={event => event.preventDefault()}>
      <SelectField
        id="filter-state"
        label={labels.state}
        none={any}
        options={text.deliveryState}
        value={state}
        set={value => set('state', value)}
      />
      <TextField
        id="filter-type"
        label={labels.eventType}
        value={eventType}
        set={value => set('eventType', value)}
      />
      <TextField
        id="filter-entity"
        label={labels.entityUuid}
        value={entityUuid}
        set={value => set('entityUuid', value)}
      />
      <TextField
        id="filter-from"
        type="datetime-local"
        label={labels.from}
        value={from}
        set={value => set('from', value)}
      />
      <TextField
        id="filter-to"
        type="datetime-local"
        label={labels.to}
        value={to}
        set={value => set('to', value)}
      />
      {isFiltered.value ? (
        <button type="button" onClick={clear}>
          {text.common.clearFilters}
        </button>
      ) : null}
    </form>
  );
}

function NoDeliveries({ filters: { isFiltered } }: FilterProps): VNode {
  const { title, about } = isFiltered.value ? text.deliveries.noMatch : text.deliveries.empty;
  const to = isFiltered.value ? '/events' : '/webhooks';
  const next = isFiltered.value ? text.events.title : text.webhooks.title;
  return (
    <EmptyNote title={title} about={about} next={<RouterLink to={to}>{() => next}</RouterLink>} />
  );
}
