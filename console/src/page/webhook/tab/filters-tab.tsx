/** The filters of a webhook. Each is added and deleted by itself, and counts at once. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent } from 'vue';

import type { NewFilter, Webhook } from '../../../client/api.ts';
import { ask, client, done } from '../../../client/client.ts';
import { confirm } from '../../../part/answer/confirm.tsx';
import { tell, tellWarnings } from '../../../part/answer/toast.tsx';
import { text } from '../../../text/en.ts';
import { FilterForm } from '../filter/filter-form.tsx';
import { FilterPreview } from '../filter/filter-preview.tsx';
import { FilterTable } from '../filter/filter-table.tsx';

export const FiltersTab = defineComponent(
  (props: { readonly webhook: Webhook }) => {
    const queryClient = useQueryClient();
    const reload = async (): Promise<void> =>
      queryClient.invalidateQueries({ queryKey: ['webhook', props.webhook.id] });
    const add = async (filter: NewFilter): Promise<void> => {
      const path = { id: props.webhook.id };
      const { warnings } = await ask(
        client.POST('/v1/webhooks/{id}/filters', { params: { path }, body: filter }),
      );
      tell(text.webhook.filters.added(filter.value));
      tellWarnings(warnings);
      await reload();
    };
    const remove = async (index: number): Promise<void> => {
      const filter = props.webhook.filters[index];
      if (!filter) return;
      if (!(await confirm({ ...text.webhook.filters.delete, names: [filter.value] }))) return;
      const path = { id: props.webhook.id, filterId: filter.id };
      await done(client.DELETE('/v1/webhooks/{id}/filters/{filterId}', { params: { path } }));
      tell(text.webhook.filters.removed(filter.value));
      await reload();
    };
    return () => {
      const { id, filters } = props.webhook;
      return (
        <div class="stack">
          <p class="muted">
            {filters.length === 0 ? text.webhook.filters.none : text.webhook.filters.about}
          </p>
          {filters.length > 0 ? <FilterTable filters={filters} remove={remove} /> : null}
          <div class="card">
            <FilterForm add={add} />
          </div>
          <FilterPreview filters={filters} webhookId={id} />
        </div>
      );
    };
  },
  { props: ['webhook'] },
);
