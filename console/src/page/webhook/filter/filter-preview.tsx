/** How many of the last events the filters would have let through, and which. */
import { defineComponent, ref, watch } from 'vue';

import type { NewFilter } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import type { components } from '../../../client/openapi.d.ts';
import { act } from '../../../part/answer/act.ts';
import { text } from '../../../text/en.ts';

type Preview = components['schemas']['FilterPreview'];

interface Props {
  readonly filters: readonly NewFilter[];
  /** Of a webhook that is saved. */
  readonly webhookId?: string;
}

const examined = 100;

export const FilterPreview = defineComponent(
  (props: Props) => {
    const preview = ref<Preview>();
    watch(
      () => props.filters,
      () => (preview.value = undefined),
      { deep: true },
    );
    const load = async (): Promise<void> => {
      const { webhookId, filters } = props;
      preview.value = await ask(
        client.POST('/v1/filters/preview', {
          body: {
            limit: examined,
            filters: filters.map(({ mode, type, matchType, value }) => ({
              mode,
              type,
              value,
              ...(type !== 'Expression' && { matchType }),
            })),
            ...(webhookId !== undefined && { webhookId }),
          },
        }),
      );
    };
    return () => (
      <div class="stack">
        <span>
          <button type="button" onClick={act(load)}>
            {text.webhook.filters.preview}
          </button>
        </span>
        {preview.value ? (
          <div class="note" role="status">
            <strong>{text.webhook.filters.matched(preview.value)}</strong>
            {preview.value.samples.matched.slice(0, 5).map(({ eventId, event, status }) => (
              <span key={eventId} class="break">
                {`${event} ${status ?? ''}`}
              </span>
            ))}
          </div>
        ) : null}
      </div>
    );
  },
  { props: ['filters', 'webhookId'] },
);
