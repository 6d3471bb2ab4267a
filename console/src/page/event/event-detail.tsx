/** One event: what the cloud said, and which webhooks get it or do not, each with the rule that decided. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { EventDetail as Detail, Explanation } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { AtTime } from '../../part/at-time.tsx';
import { Badge, DeliveryBadge } from '../../part/badge.tsx';
import { Code, pretty } from '../../part/code.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { Facts } from '../../part/facts.tsx';
import { ListBody, useList } from '../../part/data/list.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { text } from '../../text/en.ts';

export const EventDetail = defineComponent(
  (props: { readonly id: string }) => {
    const one = useOne<Detail>({
      key: () => ['event', props.id],
      load: async signal =>
        ask(client.GET('/v1/events/{id}', { signal, params: { path: { id: props.id } } })),
    });
    const list = useList<Explanation>({
      key: () => ['explain', props.id],
      load: async (cursor, signal) =>
        ask(
          client.GET('/v1/events/{id}/explain', {
            signal,
            params: { path: { id: props.id }, query: { cursor } },
          }),
        ),
    });
    return () => (
      <div class="stack">
        {[showOne(one, event => <Shown event={event} />)]}
        <h2>{text.events.explain.title}</h2>
        <p class="muted">{text.events.explain.about}</p>
        <ListBody
          list={list}
          empty={() => (
            <EmptyNote title={text.events.explain.empty} about={text.events.explain.emptyAbout} />
          )}
          table={items => (
            <DataTable
              caption={text.events.explain.title}
              columns={columns}
              rows={items}
              idOf={({ webhookId }) => webhookId}
            />
          )}
        />
      </div>
    );
  },
  { props: ['id'] },
);

function Shown({ event }: { readonly event: Detail }): VNode {
  const { facts } = text.events;
  const { eventDateTime } = event;
  return (
    <div class="stack">
      <PageHead title={event.event} {...(event.description && { about: event.description })} />
      <div class="sides">
        <div class="card">
          <Facts
            facts={[
              [facts.status, event.status],
              [facts.entity, event.entity],
              [facts.entityUuid, event.entityuuid],
              [facts.account, event.account ?? text.events.noAccount],
              [facts.user, event.user],
              [facts.project, event.project],
              [facts.domain, event.domain],
              [facts.category, event.category],
              [facts.source, event.sourceName],
              [facts.happened, eventDateTime === undefined ? null : <AtTime at={eventDateTime} />],
              [facts.recorded, <AtTime at={event.recordedAt} />],
              [facts.id, <code>{event.id}</code>],
              [
                facts.deliveries,
                <RouterLink to={`/deliveries?eventId=${event.id}`}>
                  {() => text.events.owed(event.owed.length)}
                </RouterLink>,
              ],
            ]}
          />
        </div>
        <div class="card">
          <Code label={text.events.body} value={pretty(event.body)} />
        </div>
      </div>
      {event.details === undefined ? null : (
        <details class="card">
          <summary>{text.events.details}</summary>
          <Code label={text.events.details} value={JSON.stringify(event.details, undefined, 2)} />
        </details>
      )}
    </div>
  );
}

const columns: readonly Column<Explanation>[] = [
  {
    label: text.events.explain.columns.webhook,
    isName: true,
    cell: ({ webhookId, name }) => (
      <RouterLink class="break" to={`/webhooks/${webhookId}`}>
        {() => name}
      </RouterLink>
    ),
  },
  {
    label: text.events.explain.columns.matched,
    cell: ({ matched }) => (
      <Badge
        tone={matched ? 'good' : 'plain'}
        label={matched ? text.events.explain.yes : text.events.explain.no}
      />
    ),
  },
  {
    label: text.events.explain.columns.rule,
    cell: ({ detail, unanswered = [] }) => (
      <div class="break">
        {detail}
        {unanswered.map(each => (
          <div class="hint">{each}</div>
        ))}
      </div>
    ),
  },
  {
    label: text.events.explain.columns.delivery,
    cell: ({ delivery, owed }) =>
      delivery === null ? (
        <span class="muted">{owed ? text.events.explain.owed : text.events.explain.none}</span>
      ) : (
        <RouterLink to={`/deliveries/${delivery.id}`}>
          {() => <DeliveryBadge state={delivery.state} />}
        </RouterLink>
      ),
  },
];
