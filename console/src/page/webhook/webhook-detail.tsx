/** One webhook: how it is, what can be done with it, and its deliveries, filters, settings and audit. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent, ref } from 'vue';
import type { VNode } from 'vue';
import { RouterLink, useRouter } from 'vue-router';

import type { TestResult as Result, Webhook } from '../../client/api.ts';
import { ask, client, done } from '../../client/client.ts';
import { act } from '../../part/answer/act.ts';
import { AtTime } from '../../part/at-time.tsx';
import { EnabledBadge, HealthBadge } from '../../part/badge.tsx';
import { confirm } from '../../part/answer/confirm.tsx';
import { Facts } from '../../part/facts.tsx';
import { showOne, useOne } from '../../part/data/one.tsx';
import { PageHead } from '../../part/page-head.tsx';
import { tell } from '../../part/answer/toast.tsx';
import { text } from '../../text/en.ts';
import { AuditTab } from './tab/audit-tab.tsx';
import { DeliveriesTab } from './tab/deliveries-tab.tsx';
import { FiltersTab } from './tab/filters-tab.tsx';
import { SettingsTab } from './tab/settings-tab.tsx';
import { TestResult } from './test-result.tsx';

const refreshMs = 10_000;

interface Props {
  readonly id: string;
  readonly tab: string;
}

export const WebhookDetail = defineComponent(
  (props: Props) => {
    const one = useOne<Webhook>({
      key: () => ['webhook', props.id],
      refreshMs,
      load: async signal =>
        ask(client.GET('/v1/webhooks/{id}', { signal, params: { path: { id: props.id } } })),
    });
    return () => (
      <div class="stack">
        {[
          showOne(one, webhook => [
            <Head webhook={webhook} />,
            <HealthCard webhook={webhook} />,
            <Tabs id={webhook.id} tab={props.tab} />,
            tabs[isTab(props.tab) ? props.tab : 'deliveries'](webhook),
          ]),
        ]}
      </div>
    );
  },
  { props: ['id', 'tab'] },
);

const tabs = {
  deliveries: (webhook: Webhook) => <DeliveriesTab webhook={webhook} />,
  filters: (webhook: Webhook) => <FiltersTab webhook={webhook} />,
  settings: (webhook: Webhook) => <SettingsTab webhook={webhook} />,
  audit: (webhook: Webhook) => <AuditTab webhook={webhook} />,
} as const;

const isTab = (tab: string): tab is keyof typeof tabs => Object.hasOwn(tabs, tab);

function Tabs({ id, tab }: Props): VNode {
  const current = isTab(tab) ? tab : 'deliveries';
  return (
    <nav class="tabs" aria-label={text.webhook.tabs.label}>
      {Object.keys(tabs).map(name => (
        <RouterLink
          key={name}
          to={name === 'deliveries' ? `/webhooks/${id}` : `/webhooks/${id}/${name}`}
          aria-current={name === current ? 'page' : undefined}
        >
          {() => (isTab(name) ? text.webhook.tabs[name] : name)}
        </RouterLink>
      ))}
    </nav>
  );
}

const Head = defineComponent(
  (props: { readonly webhook: Webhook }) => {
    const router = useRouter();
    const queryClient = useQueryClient();
    const result = ref<Result>();
    const pathOf = () => ({ params: { path: { id: props.webhook.id } } });
    const switchTo = async (state: Webhook['state']): Promise<void> => {
      const { name } = props.webhook;
      const question = {
        ...text.webhook.disable,
        about: text.webhooks.disableAbout,
        names: [name],
      };
      if (state === 'Disabled' && !(await confirm(question))) return;
      await ask(client.PATCH('/v1/webhooks/{id}', { ...pathOf(), body: { state } }));
      tell(text.webhook.switched[state](name));
      await queryClient.invalidateQueries();
    };
    const remove = async (): Promise<void> => {
      const { name } = props.webhook;
      const question = { ...text.webhook.remove, about: text.webhooks.deleteAbout, names: [name] };
      if (!(await confirm(question))) return;
      await done(client.DELETE('/v1/webhooks/{id}', pathOf()));
      tell(text.webhook.removed(name));
      await router.push('/webhooks');
      await queryClient.invalidateQueries();
    };
    const test = async (): Promise<void> => {
      result.value = undefined;
      result.value = await ask(client.POST('/v1/webhooks/{id}/test', { ...pathOf(), body: {} }));
    };
    return () => (
      <div class="stack">
        <PageHead
          title={props.webhook.name}
          {...(props.webhook.description !== null && { about: props.webhook.description })}
          actions={<Actions webhook={props.webhook} acts={{ test, switchTo, remove }} />}
        />
        {result.value ? (
          <div class="card">
            <TestResult result={result.value} />
          </div>
        ) : null}
      </div>
    );
  },
  { props: ['webhook'] },
);

interface ActionProps {
  readonly webhook: Webhook;
  readonly acts: {
    readonly test: () => Promise<void>;
    readonly switchTo: (state: Webhook['state']) => Promise<void>;
    readonly remove: () => Promise<void>;
  };
}

function Actions({ webhook: { id, state }, acts: { test, switchTo, remove } }: ActionProps): VNode {
  const others = (['Enabled', 'Paused', 'Disabled'] as const).filter(each => each !== state);
  return (
    <div class="row">
      <button type="button" onClick={act(test)}>
        {text.webhook.test.act}
      </button>
      {others.map(each => (
        <button key={each} type="button" onClick={act(async () => switchTo(each))}>
          {text.webhook.switch[each]}
        </button>
      ))}
      <RouterLink class="button" to={`/webhooks/${id}/edit`}>
        {() => text.webhook.edit}
      </RouterLink>
      <button type="button" class="button-danger" onClick={act(remove)}>
        {text.webhook.remove.button}
      </button>
    </div>
  );
}

function HealthCard({ webhook }: { readonly webhook: Webhook }): VNode {
  const { state, scope, payloadUrl, format, health, hasSecret, retry, created, updated } = webhook;
  const { facts } = text.webhook;
  const { since, nextProbeAt, lastAttemptAt } = health;
  return (
    <div class="sides">
      <section class="card" aria-label={text.webhook.headings.health}>
        <Facts
          facts={[
            [facts.state, <EnabledBadge state={state} />],
            [facts.health, <HealthBadge state={health.state} />],
            [facts.reason, health.reason],
            [facts.lastError, health.lastError],
            [facts.since, since === null ? null : <AtTime at={since} />],
            [facts.nextProbe, nextProbeAt === null ? null : <AtTime at={nextProbeAt} />],
            [facts.backlog, text.number(health.backlog)],
            [facts.success, text.webhooks.ofLast(health.delivered, health.attempted)],
            [facts.lastAttempt, lastAttemptAt === null ? null : <AtTime at={lastAttemptAt} />],
            [facts.retry, retry],
          ]}
        />
      </section>
      <section class="card" aria-label={text.webhook.headings.receiver}>
        <Facts
          facts={[
            [facts.url, <span class="mono">{payloadUrl}</span>],
            [facts.scope, text.webhook.scopes[scope]],
            [facts.account, webhook.accountId],
            [facts.domain, scope === 'Domain' ? webhook.domainId : null],
            [facts.format, format],
            [facts.signed, hasSecret ? text.webhook.signed : text.webhook.unsigned],
            [facts.created, <AtTime at={created} />],
            [facts.updated, <AtTime at={updated} />],
            [facts.id, <code>{webhook.id}</code>],
          ]}
        />
      </section>
    </div>
  );
}
