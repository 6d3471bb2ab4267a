/** The events that were recorded, whether or not a webhook wanted them. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { Event } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { AtTime } from '../../part/at-time.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { TextField } from '../../part/field.tsx';
import { instantOf, textOf, useFilters } from '../../part/data/filters.ts';
import type { Filters } from '../../part/data/filters.ts';
import { ListBody, useList } from '../../part/data/list.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';

const names = ['eventType', 'entityUuid', 'account', 'source', 'from', 'to'] as const;
const refreshMs = 15_000;

export const EventList = defineComponent(() => {
  const filters = useFilters(names);
  const list = useList<Event>({
    key: () => ['events', filters.values.value],
    refreshMs,
    load: async (cursor, signal) => {
      const { eventType, entityUuid, account, source, from, to } = filters.values.value;
      const query = {
        cursor,
        eventType: textOf(eventType),
        entityUuid: textOf(entityUuid),
        account: textOf(account),
        source: textOf(source),
        from: instantOf(from),
        to: instantOf(to),
      };
      return ask(client.GET('/v1/events', { signal, params: { query } }));
    },
  });
  return () => (
    <div class="stack">
      <PageHead title={text.events.title} about={text.events.about} />
      <EventFilters filters={filters} />
      <ListBody
        list={list}
        empty={() => <NoEvents filters={filters} />}
        table={items => (
          <DataTable
            caption={text.events.title}
            columns={columns}
            rows={items}
            idOf={({ id }) => id}
          />
        )}
      />
    </div>
  );
});

const columns: readonly Column<Event>[] = [
  {
    label: text.events.columns.event,
    isName: true,
    cell: ({ id, event }) => (
      <RouterLink class="break" to={`/events/${id}`}>
        {() => event}
      </RouterLink>
    ),
  },
  { label: text.events.columns.status, cell: ({ status }) => status },
  {
    label: text.events.columns.entity,
    cell: ({ entity, entityuuid }) => (
      <div>
        {entity}
        <div class="hint mono break">{entityuuid}</div>
      </div>
    ),
  },
  {
    label: text.events.columns.account,
    cell: ({ account }) => <span class="break">{account ?? text.events.noAccount}</span>,
  },
  { label: text.events.columns.source, cell: ({ sourceName }) => sourceName },
  { label: text.events.columns.recorded, cell: ({ recordedAt }) => <AtTime at={recordedAt} /> },
];

interface FilterProps {
  readonly filters: Filters<(typeof names)[number]>;
}

function EventFilters({ filters: { values, set, clear, isFiltered } }: FilterProps): VNode {
  const { labels } = text.events.filters;
  return (
    <form class="filters" role="search" onSubmit={event => event.preventDefault()}>
      {names.map(name => (
        <TextField
          key={name}
          id={`filter-${name}`}
          type={name === 'from' || name === 'to' ? 'datetime-local' : 'text'}
          label={labels[name]}
          value={values.value[name]}
          set={value => set(name, value)}
        />
      ))}
      {isFiltered.value ? (
        <button type="button" onClick={clear}>
          {text.common.clearFilters}
        </button>
      ) : null}
    </form>
  );
}

function NoEvents({ filters: { isFiltered } }: FilterProps): VNode {
  const { title, about } = isFiltered.value ? text.events.noMatch : text.events.empty;
  return <EmptyNote title={title} about={about} />;
}
