/** What is sent: the format, the fields of the webhook that it reads, and how recent events look in it. */
import { useQuery } from '@tanstack/vue-query';
import { defineComponent, ref } from 'vue';
import type { VNode } from 'vue';

import { ask, client } from '../../../client/client.ts';
import type { components } from '../../../client/openapi.d.ts';
import { act } from '../../../part/answer/act.ts';
import { Code, pretty } from '../../../part/code.tsx';
import { AreaField, SelectField, TextField } from '../../../part/field.tsx';
import { Headers } from '../../../part/headers.tsx';
import { text } from '../../../text/en.ts';
import { toTest } from './draft.ts';
import type { Draft } from './draft.ts';

type Preview = components['schemas']['Preview'];
type PreviewedEvent = Preview['items'][number];

interface Props {
  readonly draft: Draft;
  readonly webhookId?: string;
}

export const FormatFields = defineComponent(
  (props: Props) => {
    const preview = ref<Preview>();
    const formats = useQuery({
      queryKey: ['formats'],
      queryFn: async () => ask(client.GET('/v1/formats')),
      staleTime: Infinity,
    });
    const load = async (): Promise<void> => {
      const { format, body, msgKey, template } = toTest(props.draft);
      const of = props.webhookId === undefined ? {} : { webhookId: props.webhookId };
      preview.value = await ask(
        client.POST('/v1/preview', { body: { ...of, format, body, msgKey, template, limit: 1 } }),
      );
    };
    return () => {
      const { draft } = props;
      const items = formats.data.value?.items ?? [];
      const chosen = items.find(({ name }) => name === draft.format);
      const reads = (name: string): boolean =>
        chosen?.options.some(option => option.name === name) === true;
      const [event] = preview.value?.items ?? [];
      return (
        <div class="stack">
          <SelectField
            id="webhook-format"
            label={text.webhook.labels.format}
            hint={chosen?.description ?? ''}
            options={Object.fromEntries(items.map(({ name }) => [name, name]))}
            value={draft.format}
            set={value => (draft.format = value)}
          />
          <OptionFields draft={draft} reads={reads} />
          <span>
            <button type="button" onClick={act(load)}>
              {text.webhook.preview.act}
            </button>
          </span>
          {preview.value && !event ? <p class="muted">{text.webhook.preview.none}</p> : null}
          {event ? <Previewed event={event} /> : null}
        </div>
      );
    };
  },
  { props: ['draft', 'webhookId'] },
);

interface OptionProps {
  readonly draft: Draft;
  /** Whether the format reads that field of a webhook. */
  readonly reads: (name: string) => boolean;
}

function OptionFields({ draft, reads }: OptionProps): VNode {
  return (
    <div class="stack">
      {reads('template') || draft.template !== '' ? (
        <AreaField
          id="webhook-template"
          label={text.webhook.labels.template}
          rows={8}
          value={draft.template}
          set={value => (draft.template = value)}
        />
      ) : null}
      {reads('body') || draft.body !== '' ? (
        <AreaField
          id="webhook-body"
          label={text.webhook.labels.body}
          value={draft.body}
          set={value => (draft.body = value)}
        />
      ) : null}
      {reads('msgKey') || draft.msgKey !== '' ? (
        <TextField
          id="webhook-msg-key"
          label={text.webhook.labels.msgKey}
          value={draft.msgKey}
          set={value => (draft.msgKey = value)}
        />
      ) : null}
    </div>
  );
}

function Previewed({ event }: { readonly event: PreviewedEvent }): VNode {
  const { eventType, error, skipped, headers, body } = event;
  const problem = error ?? skipped;
  return (
    <div class="card stack" role="status">
      <strong>{text.webhook.preview.of(eventType)}</strong>
      {problem === null ? null : <p class="fault break">{problem}</p>}
      {headers === null ? null : <Headers label={text.deliveries.headers} headers={headers} />}
      {body === null ? null : <Code label={text.deliveries.body} value={pretty(body)} />}
    </div>
  );
}
