/** Messages that could not be read: why, what they are, and trying again or dropping them. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink } from 'vue-router';

import type { Quarantined, QuarantinedDetail as Detail } from '../../client/api.ts';
import { ask, client, done } from '../../client/client.ts';
import { act } from '../../part/answer/act.ts';
import { AtTime } from '../../part/at-time.tsx';
import { Code, pretty } from '../../part/code.tsx';
import { confirm } from '../../part/answer/confirm.tsx';
import { DataTable } from '../../part/data/data-table.tsx';
import type { Column } from '../../part/data/data-table.tsx';
import { Facts } from '../../part/facts.tsx';
import { Headers } from '../../part/headers.tsx';
import { ListBody, useList } from '../../part/data/list.tsx';
import { EmptyNote } from '../../part/note.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { tell, tellRefusal } from '../../part/answer/toast.tsx';
import { text } from '../../text/en.ts';

export const QuarantineList = defineComponent(() => {
  const queryClient = useQueryClient();
  const list = useList<Quarantined>({
    key: () => ['quarantine'],
    load: async (cursor, signal) =>
      ask(client.GET('/v1/quarantine', { signal, params: { query: { cursor } } })),
  });
  const reload = async (): Promise<void> =>
    queryClient.invalidateQueries({ queryKey: ['quarantine'] });
  const columns: readonly Column<Quarantined>[] = [
    ...factColumns,
    {
      label: text.quarantine.columns.act,
      cell: message => <Acts message={message} settled={reload} />,
    },
  ];
  return () => (
    <div class="stack">
      <PageHead title={text.quarantine.title} about={text.quarantine.about} />
      <ListBody
        list={list}
        empty={() => (
          <EmptyNote title={text.quarantine.empty.title} about={text.quarantine.empty.about} />
        )}
        table={items => (
          <DataTable
            caption={text.quarantine.title}
            columns={columns}
            rows={items}
            idOf={({ id }) => id}
          />
        )}
      />
    </div>
  );
});

const factColumns: readonly Column<Quarantined>[] = [
  {
    label: text.quarantine.columns.reason,
    isName: true,
    cell: ({ id, reason }) => (
      <RouterLink class="break" to={`/quarantine/${id}`}>
        {() => reason}
      </RouterLink>
    ),
  },
  { label: text.quarantine.columns.source, cell: ({ source }) => source },
  {
    label: text.quarantine.columns.position,
    cell: ({ position, routingKey }) => (
      <div class="break">
        {position}
        <div class="hint mono">{routingKey}</div>
      </div>
    ),
  },
  {
    label: text.quarantine.columns.bytes,
    isNumber: true,
    cell: ({ bodyBytes }) => (bodyBytes === null ? '' : text.number(bodyBytes)),
  },
  { label: text.quarantine.columns.created, cell: ({ createdAt }) => <AtTime at={createdAt} /> },
];

interface ActsProps {
  readonly message: Quarantined;
  readonly settled: () => Promise<void>;
}

function Acts({ message: { id, reason, position }, settled }: ActsProps): VNode {
  const params = { path: { id } };
  const retry = async (): Promise<void> => {
    const retried = await ask(client.POST('/v1/quarantine/{id}/retry', { params }));
    if (retried.outcome === 'recorded') tell(text.quarantine.recorded(retried.eventIds.length));
    else tellRefusal(position, retried.reason ?? reason);
    await settled();
  };
  const drop = async (): Promise<void> => {
    const names = [text.quarantine.named(position, reason)];
    if (!(await confirm({ ...text.quarantine.drop, names }))) return;
    await done(client.DELETE('/v1/quarantine/{id}', { params }));
    tell(text.quarantine.dropped(position));
    await settled();
  };
  return (
    <div class="row">
      <button
        type="button"
        class="button-small"
        aria-label={text.quarantine.retryOf(position)}
        onClick={act(retry)}
      >
        {text.quarantine.retry}
      </button>
      <button
        type="button"
        class="button-small"
        aria-label={text.quarantine.dropOf(position)}
        onClick={act(drop)}
      >
        {text.quarantine.drop.button}
      </button>
    </div>
  );
}

export const QuarantinedDetail = defineComponent(
  (props: { readonly id: string }) => {
    const one = useOne<Detail>({
      key: () => ['quarantined', props.id],
      load: async signal =>
        ask(client.GET('/v1/quarantine/{id}', { signal, params: { path: { id: props.id } } })),
    });
    return () => <div class="stack">{[showOne(one, message => <Shown message={message} />)]}</div>;
  },
  { props: ['id'] },
);

function Shown({ message }: { readonly message: Detail }): VNode {
  const { reason, source, position, routingKey, headers, body, createdAt } = message;
  const { columns } = text.quarantine;
  return (
    <div class="stack">
      <PageHead title={text.quarantine.one} about={reason} />
      <div class="card stack">
        <Facts
          facts={[
            [columns.source, source],
            [columns.position, position],
            [text.quarantine.routingKey, routingKey],
            [columns.created, <AtTime at={createdAt} />],
          ]}
        />
        {headers === null ? null : <Headers label={text.deliveries.headers} headers={headers} />}
        <Code label={text.quarantine.message} value={body === null ? '' : pretty(decode(body))} />
      </div>
    </div>
  );
}

/** The bytes as UTF-8; what is none of it reads �. */
const decode = (base64: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(base64), sign => sign.charCodeAt(0)));
