/** What became of a test delivery: the diagnosis in plain words, then what was sent and answered, how long each step took, and TLS. */
import type { VNode } from 'vue';

import type { TestResult as Result } from '../../client/api.ts';
import { Code, pretty } from '../../part/code.tsx';
import { Facts } from '../../part/facts.tsx';
import { Headers } from '../../part/headers.tsx';
import { text } from '../../text/en.ts';

export function TestResult({ result }: { readonly result: Result }): VNode {
  const { diagnosis, request, response, error, timing, tls, connection, from } = result;
  const isGood = diagnosis.code === 'delivered';
  const words = text.webhook.test;
  return (
    <section class="stack" aria-label={words.result} role="status">
      <div class={['note', isGood ? 'note-good' : 'note-bad']}>
        <strong>{isGood ? words.delivered : words.failed}</strong>
        <span class="break">{diagnosis.text}</span>
      </div>
      <Facts
        facts={[
          [words.facts.status, response?.status],
          [words.facts.error, error],
          [words.facts.lookup, ms(timing?.lookupMs)],
          [words.facts.connect, ms(timing?.connectMs)],
          [words.facts.tls, ms(timing?.tlsMs)],
          [words.facts.wait, ms(timing?.waitMs)],
          [words.facts.total, ms(timing?.totalMs)],
          [words.facts.address, connection?.address],
          [words.facts.protocol, tls && `${tls.protocol}, ${tls.cipher}`],
          [words.facts.certificate, tls?.certificate?.subject],
          [words.facts.validTo, tls?.certificate?.validTo],
          [words.facts.from, from.dispatches ? from.host : words.elsewhere(from.host)],
        ]}
      />
      <div class="sides">
        {request ? (
          <div class="stack">
            <Headers label={text.deliveries.request} headers={request.headers} />
            <Code label={text.deliveries.body} value={pretty(request.body)} />
          </div>
        ) : null}
        {response ? (
          <div class="stack">
            <Headers label={words.response} headers={response.headers} />
            <Code label={text.deliveries.response} value={pretty(response.body)} />
          </div>
        ) : null}
      </div>
    </section>
  );
}

const ms = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : text.deliveries.ms(Math.round(value));
