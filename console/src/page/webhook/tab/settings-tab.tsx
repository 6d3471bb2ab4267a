/** The settings that hold for a webhook: each with its value and where that comes from. */
import { defineComponent } from 'vue';

import type { Setting, Webhook } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { DataTable } from '../../../part/data/data-table.tsx';
import type { Column } from '../../../part/data/data-table.tsx';
import { showOne, useOne } from '../../../part/data/one.tsx';
import { text } from '../../../text/en.ts';

export const SettingsTab = defineComponent(
  (props: { readonly webhook: Webhook }) => {
    const one = useOne<readonly Setting[]>({
      key: () => ['settings', props.webhook.id],
      load: async signal => {
        const query = { webhookId: props.webhook.id };
        return (await ask(client.GET('/v1/settings', { signal, params: { query } }))).items;
      },
    });
    return () => (
      <div class="stack">
        <p class="muted">{text.webhook.settings.about}</p>
        {[
          showOne(one, settings => (
            <DataTable
              caption={text.webhook.tabs.settings}
              columns={columns}
              rows={settings}
              idOf={({ name }) => name}
            />
          )),
        ]}
      </div>
    );
  },
  { props: ['webhook'] },
);

const { labels, origins } = text.webhook.settings;

const columns: readonly Column<Setting>[] = [
  {
    label: labels.name,
    isName: true,
    cell: ({ name, description }) => (
      <div>
        <code class="break">{name}</code>
        <div class="hint">{description}</div>
      </div>
    ),
  },
  { label: labels.value, cell: ({ value }) => <code class="break">{value}</code> },
  {
    label: labels.origin,
    cell: ({ origin, originId }) => (
      <div>
        {origins[origin]}
        <div class="hint break">{origin === 'domain' ? originId : null}</div>
      </div>
    ),
  },
  { label: labels.default, cell: ({ default: value }) => <code class="break">{value}</code> },
];
