/** What a webhook was sent lately, what its receiver answered, and sending it again. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent } from 'vue';
import { RouterLink } from 'vue-router';

import type { Delivery, Webhook } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { act } from '../../../part/answer/act.ts';
import { AtTime } from '../../../part/at-time.tsx';
import { DeliveryBadge } from '../../../part/badge.tsx';
import { DataTable } from '../../../part/data/data-table.tsx';
import type { Column } from '../../../part/data/data-table.tsx';
import { ListBody, useList } from '../../../part/data/list.tsx';
import { EmptyNote } from '../../../part/note.tsx';
import { tell } from '../../../part/answer/toast.tsx';
import { text } from '../../../text/en.ts';
import { lastAnswer } from '../../delivery/last-answer.ts';

const refreshMs = 5_000;
const excerptChars = 200;

export const DeliveriesTab = defineComponent(
  (props: { readonly webhook: Webhook }) => {
    const queryClient = useQueryClient();
    const list = useList<Delivery>({
      key: () => ['deliveries', props.webhook.id],
      refreshMs,
      load: async (cursor, signal) => {
        const query = { cursor, webhookId: props.webhook.id, limit: 25 };
        return ask(client.GET('/v1/deliveries', { signal, params: { query } }));
      },
    });
    const redeliver = async ({ id, eventType }: Delivery): Promise<void> => {
      await ask(client.POST('/v1/deliveries/{id}/redeliver', { params: { path: { id } } }));
      tell(text.deliveries.redeliveredOf(eventType));
      await queryClient.invalidateQueries({ queryKey: ['deliveries'] });
    };
    return () => (
      <ListBody
        list={list}
        empty={() => (
          <EmptyNote
            title={text.webhook.noDeliveries.title}
            about={text.webhook.noDeliveries.about}
          />
        )}
        table={items => (
          <DataTable
            caption={text.webhook.tabs.deliveries}
            columns={columnsWith(redeliver)}
            rows={items}
            idOf={({ id }) => id}
          />
        )}
      />
    );
  },
  { props: ['webhook'] },
);

const columnsWith = (
  redeliver: (delivery: Delivery) => Promise<void>,
): readonly Column<Delivery>[] => [
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
  { label: text.deliveries.columns.created, cell: ({ createdAt }) => <AtTime at={createdAt} /> },
  { label: text.deliveries.columns.tries, isNumber: true, cell: ({ tries }) => tries },
  {
    label: text.deliveries.columns.answer,
    cell: delivery => (
      <div>
        {lastAnswer(delivery)}
        <div class="hint mono break">
          {delivery.attempts.at(-1)?.responseBody?.slice(0, excerptChars)}
        </div>
      </div>
    ),
  },
  {
    label: text.deliveries.columns.act,
    cell: delivery => (
      <button
        type="button"
        class="button-small"
        aria-label={text.deliveries.redeliverOf(delivery.eventType)}
        onClick={act(async () => redeliver(delivery))}
      >
        {text.deliveries.redeliver}
      </button>
    ),
  },
];
