/** Whose events a webhook gets: the scopes that the role may use, and the account and the domain to choose from. */
import { useQuery } from '@tanstack/vue-query';
import { defineComponent } from 'vue';
import type { VNode } from 'vue';

import { ask, client } from '../../../client/client.ts';
import { identity } from '../../../client/session.ts';
import { SelectField, TextField } from '../../../part/field.tsx';
import { oneOf } from '../../../part/data/filters.ts';
import { text } from '../../../text/en.ts';
import { scopesOf } from './draft.ts';
import type { Draft } from './draft.ts';

interface Props {
  readonly draft: Draft;
  /** The owner of a saved webhook stays who it is. */
  readonly isSaved: boolean;
}

const choicesMax = 500;
const query = { limit: choicesMax };

export const OwnerFields = defineComponent(
  (props: Props) => {
    const isAdmin = identity.value?.role !== 'User';
    const accounts = useQuery({
      queryKey: ['accounts'],
      queryFn: async () => ask(client.GET('/v1/accounts', { params: { query } })),
      enabled: isAdmin,
    });
    const domains = useQuery({
      queryKey: ['domains'],
      queryFn: async () => ask(client.GET('/v1/domains', { params: { query } })),
      enabled: isAdmin,
    });
    return () => {
      const { draft } = props;
      const scopes = scopesOf(identity.value?.role ?? 'User');
      const options = Object.fromEntries(scopes.map(scope => [scope, text.webhook.scopes[scope]]));
      const names = new Map(domains.data.value?.items.map(({ id, name }) => [id, name]));
      return (
        <div class="stack">
          <SelectField
            id="webhook-scope"
            label={text.webhook.labels.scope}
            options={options}
            value={draft.scope}
            set={value => (draft.scope = oneOf(text.scopes, value) ?? 'Local')}
          />
          {draft.scope === 'Domain' ? (
            <Picker
              id="webhook-domain"
              label={text.webhook.labels.domainId}
              choices={pathsOf(domains.data.value?.items ?? [])}
              isWhole={domains.data.value?.nextCursor === null}
              none={text.webhook.ownDomain}
              value={draft.domainId}
              set={value => (draft.domainId = value)}
            />
          ) : null}
          {isAdmin && !props.isSaved ? (
            <Picker
              id="webhook-account"
              label={text.webhook.labels.accountId}
              choices={(accounts.data.value?.items ?? []).map(({ id, name, domainId }) => [
                id,
                text.webhook.accountIn(name, names.get(domainId) ?? domainId),
              ])}
              isWhole={accounts.data.value?.nextCursor === null}
              none={text.webhook.ownAccount}
              value={draft.accountId}
              set={value => (draft.accountId = value)}
            />
          ) : null}
        </div>
      );
    };
  },
  { props: ['draft', 'isSaved'] },
);

/** Each domain with the names from the root down to it. */
function pathsOf(
  domains: readonly {
    readonly id: string;
    readonly name: string;
    readonly parentId: string | null;
  }[],
): readonly (readonly [string, string])[] {
  const byId = new Map(domains.map(domain => [domain.id, domain]));
  const pathOf = (id: string | null): string => {
    const domain = id === null ? undefined : byId.get(id);
    return domain ? `${pathOf(domain.parentId)}/${domain.name}` : '';
  };
  return domains
    .map(({ id }) => [id, pathOf(id)] as const)
    .toSorted(([, one], [, other]) => one.localeCompare(other));
}

interface PickerProps {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly (readonly [id: string, label: string])[];
  /** Whether the choices are all there are; else an id can be typed. */
  readonly isWhole: boolean;
  readonly none: string;
  readonly value: string;
  readonly set: (value: string) => void;
}

function Picker({ choices, isWhole, none, ...field }: PickerProps): VNode {
  return isWhole ? (
    <SelectField {...field} none={none} options={Object.fromEntries(choices)} />
  ) : (
    <TextField {...field} hint={text.webhook.idHint} />
  );
}
