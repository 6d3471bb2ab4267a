/** The webhooks: which there are, how they are, and what is done to several at once. */
import { defineComponent, ref } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { Webhook } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { EnabledBadge, HealthBadge } from '../../part/badge.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { SelectField, TextField } from '../../part/field.tsx';
import { oneOf, textOf, useFilters } from '../../part/data/filters.ts';
import type { Filters } from '../../part/data/filters.ts';
import { ListBody, useList } from '../../part/data/list.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';
import { BulkBar } from './bulk-bar.tsx';

const names = ['text', 'state', 'scope', 'health'] as const;
const refreshMs = 15_000;

export const WebhookList = defineComponent(() => {
  const filters = useFilters(names);
  const chosen = ref<ReadonlySet<string>>(new Set());
  const list = useList<Webhook>({
    key: () => ['webhooks', filters.values.value],
    refreshMs,
    load: async (cursor, signal) => {
      const { values } = filters;
      return ask(
        client.GET('/v1/webhooks', {
          signal,
          params: {
            query: {
              cursor,
              text: textOf(values.value.text),
              state: oneOf(text.webhookState, values.value.state),
              scope: oneOf(text.scopes, values.value.scope),
              health: oneOf(text.health, values.value.health),
            },
          },
        }),
      );
    },
  });
  return () => {
    const picked = list.items.value.filter(({ id }) => chosen.value.has(id));
    return (
      <div class="stack">
        <PageHead title={text.webhooks.title} about={text.webhooks.about} actions={<NewLink />} />
        <WebhookFilters filters={filters} />
        {picked.length > 0 ? (
          <BulkBar webhooks={picked} settled={() => (chosen.value = new Set())} />
        ) : null}
        <ListBody
          list={list}
          empty={() => <NoWebhooks filters={filters} />}
          table={items => (
            <DataTable
              caption={text.webhooks.title}
              columns={columns}
              rows={items}
              idOf={({ id }) => id}
              nameOf={({ name }) => name}
              choice={{ ids: chosen.value, set: ids => (chosen.value = ids) }}
            />
          )}
        />
      </div>
    );
  };
});

const columns: readonly Column<Webhook>[] = [
  {
    label: text.webhooks.columns.name,
    isName: true,
    cell: ({ id, name, payloadUrl }) => (
      <div>
        <RouterLink class="break" to={`/webhooks/${id}`}>
          {() => name}
        </RouterLink>
        <div class="hint break mono">{payloadUrl}</div>
      </div>
    ),
  },
  { label: text.webhooks.columns.state, cell: ({ state }) => <EnabledBadge state={state} /> },
  { label: text.webhooks.columns.health, cell: webhook => <Health webhook={webhook} /> },
  { label: text.webhooks.columns.scope, cell: ({ scope }) => text.scopes[scope] },
  { label: text.webhooks.columns.backlog, isNumber: true, cell: ({ health }) => health.backlog },
  {
    label: text.webhooks.columns.success,
    isNumber: true,
    cell: ({ health: { attempted, delivered } }) =>
      attempted === 0 ? text.webhooks.none : text.webhooks.ofLast(delivered, attempted),
  },
];

function Health({ webhook: { health } }: { readonly webhook: Webhook }): VNode {
  const reason = health.reason ?? (health.state === 'ok' ? null : health.lastError);
  return (
    <div>
      <HealthBadge state={health.state} />
      {reason === null ? null : <div class="hint break">{reason}</div>}
    </div>
  );
}

interface FilterProps {
  readonly filters: Filters<(typeof names)[number]>;
}

function WebhookFilters({ filters: { values, set } }: FilterProps): VNode {
  const { state, scope, health } = values.value;
  const { any, labels } = text.webhooks.filters;
  return (
    <form class="filters" role="search" onSubmit={event => event.preventDefault()}>
      <div class="wide">
        <TextField
          id="filter-text"
          type="search"
          label={labels.text}
          value={values.value.text}
          set={value => set('text', value)}
        />
      </div>
      <SelectField
        id="filter-state"
        label={labels.state}
        none={any}
        options={text.webhookState}
        value={state}
        set={value => set('state', value)}
      />
      <SelectField
        id="filter-health"
        label={labels.health}
        none={any}
        options={text.health}
        value={health}
        set={value => set('health', value)}
      />
      <SelectField
        id="filter-scope"
        label={labels.scope}
        none={any}
        options={text.scopes}
        value={scope}
        set={value => set('scope', value)}
      />
    </form>
  );
}

function NoWebhooks({ filters: { isFiltered, clear } }: FilterProps): VNode {
  if (isFiltered.value) {
    return (
      <EmptyNote
        title={text.webhooks.noMatch.title}
        about={text.webhooks.noMatch.about}
        next={
          <button type="button" onClick={clear}>
            {text.common.clearFilters}
          </button>
        }
      />
    );
  }
  const { title, about } = text.webhooks.empty;
  return <EmptyNote title={title} about={about} next={<NewLink />} />;
}

function NewLink(): VNode {
  return (
    <RouterLink class="button button-main" to="/webhooks/new">
      {() => text.webhook.newTitle}
    </RouterLink>
  );
}
