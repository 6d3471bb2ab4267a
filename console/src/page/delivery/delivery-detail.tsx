/** One delivery: its request, and every attempt with what the receiver answered. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent } from 'vue';
import type { VNode } from 'vue';
import { RouterLink, useRouter } from 'vue-router';

import type { Attempt, DeliveryDetail as Detail, Webhook } from '../../client/api.ts';
import { ask, client } from '../../client/client.ts';
import { act } from '../../part/answer/act.ts';
import { AtTime } from '../../part/at-time.tsx';
import { DeliveryBadge } from '../../part/badge.tsx';
import { Code, CopyButton, pretty } from '../../part/code.tsx';
import { Facts } from '../../part/facts.tsx';
import { Headers } from '../../part/headers.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { tell } from '../../part/answer/toast.tsx';
import { text } from '../../text/en.ts';
import { toCurl } from './curl.ts';

interface Shown {
  readonly delivery: Detail;
  readonly webhook: Webhook;
}

const refreshMs = 5_000;

export const DeliveryDetail = defineComponent(
  (props: { readonly id: string }) => {
    const router = useRouter();
    const queryClient = useQueryClient();
    const one = useOne<Shown>({
      key: () => ['delivery', props.id],
      refreshMs,
      load: async signal => {
        const path = { id: props.id };
        const delivery = await ask(client.GET('/v1/deliveries/{id}', { signal, params: { path } }));
        const owner = { signal, params: { path: { id: delivery.webhookId } } };
        return { delivery, webhook: await ask(client.GET('/v1/webhooks/{id}', owner)) };
      },
    });
    const redeliver = async (): Promise<void> => {
      const path = { id: props.id };
      const made = await ask(client.POST('/v1/deliveries/{id}/redeliver', { params: { path } }));
      tell(text.deliveries.redelivered);
      await queryClient.invalidateQueries({ queryKey: ['deliveries'] });
      await router.push(`/deliveries/${made.id}`);
    };
    return () => (
      <div class="stack">
        {[showOne(one, shown => <Shown shown={shown} redeliver={redeliver} />)]}
      </div>
    );
  },
  { props: ['id'] },
);

interface ShownProps {
  readonly shown: Shown;
  readonly redeliver: () => Promise<void>;
}

function Shown({ shown: { delivery, webhook }, redeliver }: ShownProps): VNode {
  const { eventType, state, kind, tries, eventId, entityUuid, createdAt, finishedAt } = delivery;
  const { nextAttemptAt, attempts } = delivery;
  const { facts } = text.deliveries;
  return (
    <div class="stack">
      <PageHead
        title={eventType}
        about={text.deliveries.kinds[kind]}
        actions={
          <button type="button" class="button-main" onClick={act(redeliver)}>
            {text.deliveries.redeliver}
          </button>
        }
      />
      <div class="card">
        <Facts
          facts={[
            [facts.state, <DeliveryBadge state={state} />],
            [
              facts.webhook,
              <RouterLink to={`/webhooks/${webhook.id}`}>{() => webhook.name}</RouterLink>,
            ],
            [facts.event, <RouterLink to={`/events/${eventId}`}>{() => eventId}</RouterLink>],
            [facts.entity, entityUuid],
            [facts.created, <AtTime at={createdAt} />],
            [facts.finished, finishedAt === null ? null : <AtTime at={finishedAt} />],
            [facts.next, nextAttemptAt === null ? null : <AtTime at={nextAttemptAt} />],
            [facts.tries, tries],
          ]}
        />
      </div>
      <div class="sides">
        <RequestCard delivery={delivery} url={webhook.payloadUrl} />
        <section class="card stack" aria-label={text.deliveries.attempts}>
          <h2>{text.deliveries.attempts}</h2>
          {attempts.length === 0 ? <p class="muted">{text.deliveries.notTried}</p> : null}
          {attempts.toReversed().map(attempt => (
            <AttemptShown key={attempt.number} attempt={attempt} />
          ))}
        </section>
      </div>
    </div>
  );
}

function RequestCard({
  delivery,
  url,
}: {
  readonly delivery: Detail;
  readonly url: string;
}): VNode {
  const { requestHeaders, requestBody } = delivery;
  const title = text.deliveries.request;
  if (requestHeaders === null || requestBody === null) {
    return (
      <section class="card stack" aria-label={title}>
        <h2>{title}</h2>
        <p class="muted">{text.deliveries.noRequest}</p>
      </section>
    );
  }
  const command = toCurl({ url, headers: requestHeaders, body: requestBody });
  return (
    <section class="card stack" aria-label={title}>
      <div class="row">
        <h2>{title}</h2>
        <CopyButton label={text.deliveries.copyCurl} value={command} name={title} />
      </div>
      <p class="mono break">{text.deliveries.post(url)}</p>
      <Headers label={text.deliveries.headers} headers={requestHeaders} />
      <Code label={text.deliveries.body} value={pretty(requestBody)} />
      <p class="hint">{text.deliveries.unsigned}</p>
    </section>
  );
}

export function AttemptShown({ attempt }: { readonly attempt: Attempt }): VNode {
  const { number, startedAt, durationMs, status, error, responseBody } = attempt;
  return (
    <details class="stack" open={number === 1}>
      <summary>
        {text.deliveries.attempt(number, status ?? error ?? text.deliveries.noAnswer)}
      </summary>
      <div class="stack">
        <Facts
          facts={[
            [text.deliveries.facts.started, <AtTime at={startedAt} />],
            [text.deliveries.facts.duration, text.deliveries.ms(durationMs)],
            [text.deliveries.facts.status, status],
            [text.deliveries.facts.error, error],
          ]}
        />
        {responseBody === undefined || responseBody === '' ? null : (
          <Code label={text.deliveries.response} value={pretty(responseBody)} />
        )}
      </div>
    </details>
  );
}
