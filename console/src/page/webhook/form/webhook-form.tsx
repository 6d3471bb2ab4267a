/** Creates a webhook or changes one. What is typed stays until it is saved, whatever is refused meanwhile. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent, reactive, ref } from 'vue';
import type { VNodeChild } from 'vue';
import { onBeforeRouteLeave, RouterLink, useRouter } from 'vue-router';

import type { NewFilter, SavedWebhook } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { confirm } from '../../../part/answer/confirm.tsx';
import { AreaField, TextField } from '../../../part/field.tsx';
import { ErrorNote } from '../../../part/note.tsx';
import { PageHead } from '../../../part/page-head.tsx';
import { tell, tellWarnings } from '../../../part/answer/toast.tsx';
import { text } from '../../../text/en.ts';
import { DraftError, toChange, toNewWebhook } from './draft.ts';
import type { Draft } from './draft.ts';
import { FilterForm } from '../filter/filter-form.tsx';
import { FilterPreview } from '../filter/filter-preview.tsx';
import { FilterTable } from '../filter/filter-table.tsx';
import { FormatFields } from './format-fields.tsx';
import { OwnerFields } from './owner-fields.tsx';
import { CategoryFields, PaceFields } from './pace-fields.tsx';
import { ReceiverFields } from './receiver-fields.tsx';

interface Props {
  readonly initial: Draft;
  /** Of the webhook that is changed; absent for a new one. */
  readonly saved?: { readonly id: string; readonly etag: string };
}

export const WebhookForm = defineComponent(
  (props: Props) => {
    const router = useRouter();
    const queryClient = useQueryClient();
    const draft = reactive(structuredClone(props.initial));
    const error = ref<unknown>();
    let isSettled = false;
    onBeforeRouteLeave(async () => {
      const isSame = JSON.stringify(draft) === JSON.stringify(props.initial);
      return isSettled || isSame || confirm({ ...text.webhook.leave, names: [draft.name] });
    });
    const save = async (): Promise<void> => {
      error.value = undefined;
      try {
        const { id, name, warnings } = await send(draft, props.saved);
        isSettled = true;
        tell(text.webhook.saved(name));
        tellWarnings(warnings);
        await queryClient.invalidateQueries();
        await router.push(`/webhooks/${id}`);
      } catch (failure) {
        error.value = failure;
      }
    };
    const submit = (event: Event): void => {
      event.preventDefault();
      void save();
    };
    return () => {
      const { saved } = props;
      const title = saved ? text.webhook.editTitle(props.initial.name) : text.webhook.newTitle;
      const cancel = saved ? `/webhooks/${saved.id}` : '/webhooks';
      return (
        <form class="stack" aria-label={title} onSubmit={submit}>
          <PageHead title={title} {...(!saved && { about: text.webhook.newAbout })} />
          {sections(draft, saved?.id).map(([heading, content]) => (
            <section class="card stack" aria-label={heading} key={heading}>
              <h2>{heading}</h2>
              {[content]}
            </section>
          ))}
          {error.value ? <Refusal error={error.value} /> : null}
          <div class="row">
            <button type="submit" class="button-main">
              {saved ? text.webhook.save : text.webhook.create}
            </button>
            <RouterLink class="button" to={cancel}>
              {() => text.common.cancel}
            </RouterLink>
          </div>
        </form>
      );
    };
  },
  { props: ['initial', 'saved'] },
);

async function send(draft: Draft, saved: Props['saved']): Promise<SavedWebhook> {
  if (!saved) return ask(client.POST('/v1/webhooks', { body: toNewWebhook(draft) }));
  const { id, etag } = saved;
  return ask(
    client.PATCH('/v1/webhooks/{id}', {
      params: { path: { id }, header: { 'if-match': etag } },
      body: toChange(draft),
    }),
  );
}

function sections(draft: Draft, id?: string): readonly (readonly [string, VNodeChild])[] {
  const { labels, hints } = text.webhook;
  const { headings } = text.webhook;
  const of = id === undefined ? {} : { webhookId: id };
  const all: [string, VNodeChild][] = [
    [
      headings.name,
      [
        <TextField
          id="webhook-name"
          label={labels.name}
          isRequired
          value={draft.name}
          set={value => (draft.name = value)}
        />,
        <AreaField
          id="webhook-description"
          label={labels.description}
          hint={hints.description}
          rows={2}
          value={draft.description}
          set={value => (draft.description = value)}
        />,
      ],
    ],
    [headings.receiver, <ReceiverFields draft={draft} {...of} />],
    [
      headings.events,
      [<OwnerFields draft={draft} isSaved={id !== undefined} />, <CategoryFields draft={draft} />],
    ],
  ];
  // The filters of a saved webhook have a page of their own, where each is added and deleted by itself.
  if (id === undefined) all.push([headings.filters, <DraftFilters draft={draft} />]);
  all.push([headings.format, <FormatFields draft={draft} {...of} />]);
  all.push([headings.pace, <PaceFields draft={draft} />]);
  return all;
}

const DraftFilters = defineComponent(
  ({ draft }: { readonly draft: Draft }) => {
    const add = async (filter: NewFilter): Promise<void> => void draft.filters.push(filter);
    return () => (
      <div class="stack">
        <p class="muted">{text.webhook.filters.about}</p>
        {draft.filters.length > 0 ? (
          <FilterTable
            filters={draft.filters}
            remove={async index => void draft.filters.splice(index, 1)}
          />
        ) : null}
        <FilterForm add={add} />
        <FilterPreview filters={draft.filters} />
      </div>
    );
  },
  { props: ['draft'] },
);

function Refusal({ error }: { readonly error: unknown }) {
  return error instanceof DraftError ? (
    <p class="fault" role="alert">
      {text.webhook.illTyped(text.webhook.labels[error.field])}
    </p>
  ) : (
    <ErrorNote error={error} />
  );
}
