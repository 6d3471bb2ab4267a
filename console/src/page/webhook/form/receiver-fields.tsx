/** Where it is sent and how: URL, secret, TLS, headers; and a test of all that before it is saved. */
import { defineComponent, ref } from 'vue';
import type { VNode } from 'vue';

import type { TestResult as Result } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { AreaField, CheckField, TextField } from '../../../part/field.tsx';
import { act } from '../../../part/answer/act.ts';
import { text } from '../../../text/en.ts';
import { toTest } from './draft.ts';
import type { Draft } from './draft.ts';
import { newSecret } from './secret.ts';
import { TestResult } from '../test-result.tsx';
import { Verification } from './verification.tsx';

interface Props {
  readonly draft: Draft;
  readonly webhookId?: string;
}

export const ReceiverFields = defineComponent(
  (props: Props) => {
    const result = ref<Result>();
    const isBusy = ref(false);
    const test = async (): Promise<void> => {
      isBusy.value = true;
      result.value = undefined;
      try {
        result.value = await sendTest(props.draft, props.webhookId);
      } finally {
        isBusy.value = false;
      }
    };
    return () => {
      const { draft, webhookId } = props;
      const { labels, hints } = text.webhook;
      return (
        <div class="stack">
          <TextField
            id="webhook-url"
            type="url"
            label={labels.payloadUrl}
            hint={hints.payloadUrl}
            isRequired
            value={draft.payloadUrl}
            set={value => (draft.payloadUrl = value)}
          />
          {webhookId === undefined ? <SecretField draft={draft} /> : null}
          <CheckField
            id="webhook-tls"
            label={labels.sslVerification}
            hint={hints.sslVerification}
            value={draft.sslVerification}
            set={value => (draft.sslVerification = value)}
          />
          <TrustFields draft={draft} />
          <span>
            <button
              type="button"
              disabled={isBusy.value || draft.payloadUrl === ''}
              onClick={act(test)}
            >
              {isBusy.value ? text.webhook.test.busy : text.webhook.test.act}
            </button>
          </span>
          {result.value ? <TestResult result={result.value} /> : null}
        </div>
      );
    };
  },
  { props: ['draft', 'webhookId'] },
);

/** A saved webhook is tested with the secret and the headers that only Hookline knows. */
async function sendTest(draft: Draft, webhookId: string | undefined): Promise<Result> {
  const body = toTest(draft);
  if (webhookId === undefined) return ask(client.POST('/v1/test', { body }));
  const { payloadUrl, sslVerification } = body;
  const given = { payloadUrl, ...(sslVerification !== undefined && { sslVerification }) };
  const params = { path: { id: webhookId } };
  return ask(client.POST('/v1/webhooks/{id}/test', { params, body: given }));
}

const SecretField = defineComponent(
  (props: { readonly draft: Draft }) => () => {
    const { draft } = props;
    return (
      <div class="stack">
        <TextField
          id="webhook-secret"
          label={text.webhook.labels.secretKey}
          hint={text.webhook.hints.secretKey}
          value={draft.secretKey}
          set={value => (draft.secretKey = value)}
        />
        <span>
          <button type="button" onClick={() => (draft.secretKey = newSecret())}>
            {text.webhook.generate}
          </button>
        </span>
        {draft.secretKey === '' ? null : (
          <details>
            <summary>{text.webhook.verification.how}</summary>
            <Verification />
          </details>
        )}
      </div>
    );
  },
  { props: ['draft'] },
);

function TrustFields({ draft }: { readonly draft: Draft }): VNode {
  const { labels, hints } = text.webhook;
  return (
    <details>
      <summary>{text.webhook.more}</summary>
      <div class="stack">
        <AreaField
          id="webhook-ca"
          label={labels.caCertificate}
          hint={hints.caCertificate}
          value={draft.caCertificate}
          set={value => (draft.caCertificate = value)}
        />
        <AreaField
          id="webhook-headers"
          label={labels.headers}
          hint={hints.headers}
          value={draft.headers}
          set={value => (draft.headers = value)}
        />
      </div>
    </details>
  );
}
