/** Who changed a webhook, when, and what. */
import { defineComponent } from 'vue';
import type { VNode } from 'vue';

import type { Audit, Webhook } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { AtTime } from '../../../part/at-time.tsx';
import { DataTable } from '../../../part/data/data-table.tsx';
import type { Column } from '../../../part/data/data-table.tsx';
import { ListBody, useList } from '../../../part/data/list.tsx';
import { EmptyNote } from '../../../part/note.tsx';
import { text } from '../../../text/en.ts';

export const AuditTab = defineComponent(
  (props: { readonly webhook: Webhook }) => {
    const list = useList<Audit>({
      key: () => ['audit', props.webhook.id],
      load: async (cursor, signal) => {
        const query = { cursor, objectId: props.webhook.id };
        return ask(client.GET('/v1/audit', { signal, params: { query } }));
      },
    });
    return () => (
      <ListBody
        list={list}
        empty={() => (
          <EmptyNote title={text.webhook.audit.empty} about={text.webhook.audit.emptyAbout} />
        )}
        table={items => (
          <DataTable
            caption={text.webhook.tabs.audit}
            columns={columns}
            rows={items}
            idOf={({ id }) => id}
          />
        )}
      />
    );
  },
  { props: ['webhook'] },
);

const { labels } = text.webhook.audit;

const columns: readonly Column<Audit>[] = [
  { label: labels.action, isName: true, cell: ({ action }) => action },
  { label: labels.by, cell: ({ username }) => username ?? text.webhook.audit.nobody },
  { label: labels.at, cell: ({ at }) => <AtTime at={at} /> },
  { label: labels.address, cell: ({ address }) => address },
  { label: labels.changes, cell: audit => <Changes audit={audit} /> },
];

function Changes({ audit: { before, after } }: { readonly audit: Audit }): VNode {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const changed = names.filter(
    name => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
  );
  return (
    <details>
      <summary>{text.webhook.audit.changed(changed.length)}</summary>
      <ul class="break small">
        {changed.map(name => (
          <li key={name}>
            {text.webhook.audit.change(name, shown(before?.[name]), shown(after?.[name]))}
          </li>
        ))}
      </ul>
    </details>
  );
}

const shown = (value: unknown): string =>
  value === undefined ? text.webhook.audit.unset : JSON.stringify(value);
