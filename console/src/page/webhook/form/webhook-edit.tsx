/** The form of a new webhook, and that of one that exists. */
import { defineComponent } from 'vue';

import type { Webhook } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { showOne, useOne } from '../../../part/data/one.tsx';
import { emptyDraft, toDraft } from './draft.ts';
import { WebhookForm } from './webhook-form.tsx';

/** An object, since the router takes a bare function for a page that is yet to be loaded. */
export const WebhookNew = defineComponent(() => () => <WebhookForm initial={emptyDraft()} />);

interface Loaded {
  readonly webhook: Webhook;
  readonly etag: string;
}

export const WebhookEdit = defineComponent(
  (props: { readonly id: string }) => {
    const one = useOne<Loaded>({
      key: () => ['webhook-edit', props.id],
      load: async signal => {
        const asked = client.GET('/v1/webhooks/{id}', {
          signal,
          params: { path: { id: props.id } },
        });
        const webhook = await ask(asked);
        return { webhook, etag: (await asked).response.headers.get('etag') ?? '*' };
      },
    });
    return () => (
      <div class="stack">
        {[
          showOne(one, ({ webhook, etag }) => (
            <WebhookForm initial={toDraft(webhook)} saved={{ id: webhook.id, etag }} />
          )),
        ]}
      </div>
    );
  },
  { props: ['id'] },
);
