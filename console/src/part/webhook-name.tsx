/** The name of a webhook that an answer gives by its id. */
import { useQuery } from '@tanstack/vue-query';
import { computed, defineComponent } from 'vue';
import { RouterLink } from 'vue-router';

import { ask, client } from '../client/client.ts';

export const WebhookName = defineComponent(
  (props: { readonly id: string }) => {
    const query = useQuery({
      queryKey: computed(() => ['webhook', props.id]),
      queryFn: async () =>
        ask(client.GET('/v1/webhooks/{id}', { params: { path: { id: props.id } } })),
      staleTime: 60_000,
    });
    return () => (
      <RouterLink class="break" to={`/webhooks/${props.id}`}>
        {() => query.data.value?.name ?? props.id}
      </RouterLink>
    );
  },
  { props: ['id'] },
);
