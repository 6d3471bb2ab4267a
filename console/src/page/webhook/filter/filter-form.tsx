/** One filter to be added: what is compared, how, with what. Event types are suggested from the catalogue of known and seen ones. */
import { useQuery } from '@tanstack/vue-query';
import { defineComponent, reactive } from 'vue';
import type { VNode } from 'vue';

import type { NewFilter } from '../../../client/api.ts';
import { ask, client } from '../../../client/client.ts';
import { act } from '../../../part/answer/act.ts';
import { Field, SelectField, valueOf } from '../../../part/field.tsx';
import type { Options } from '../../../part/field.tsx';
import { oneOf } from '../../../part/data/filters.ts';
import { text } from '../../../text/en.ts';

interface Props {
  readonly add: (filter: NewFilter) => Promise<void>;
}

const suggestionsMax = 500;

export const FilterForm = defineComponent(
  (props: Props) => {
    const { labels, modes, types, matchTypes } = text.webhook.filters;
    const filter = reactive({ mode: 'Include', type: 'EventType', matchType: 'Prefix', value: '' });
    const known = useQuery({
      queryKey: ['event-types'],
      queryFn: async () =>
        ask(client.GET('/v1/event-types', { params: { query: { limit: suggestionsMax } } })),
      staleTime: 60_000,
    });
    const submit = async (): Promise<void> => {
      const type = oneOf(types, filter.type);
      await props.add({
        mode: oneOf(modes, filter.mode),
        type,
        ...(type !== 'Expression' && { matchType: oneOf(matchTypes, filter.matchType) }),
        value: filter.value,
      });
      filter.value = '';
    };
    return () => (
      <div class="stack" role="group" aria-label={text.webhook.filters.new}>
        <div class="filters">
          <Choice name="mode" filter={filter} options={modes} />
          <Choice name="type" filter={filter} options={types} />
          {filter.type === 'Expression' ? null : (
            <Choice name="matchType" filter={filter} options={matchTypes} />
          )}
          <Field
            id="filter-value"
            label={labels.value}
            control={attributes => (
              <input
                {...attributes}
                type="text"
                list={filter.type === 'EventType' ? 'filter-known' : undefined}
                value={filter.value}
                autocomplete="off"
                spellcheck={false}
                onInput={event => (filter.value = valueOf(event))}
              />
            )}
          />
          <button type="button" disabled={filter.value === ''} onClick={act(submit)}>
            {text.webhook.filters.add}
          </button>
        </div>
        <datalist id="filter-known">
          {known.data.value?.items.map(({ type, count }) => (
            <option key={type} value={type}>
              {text.webhook.filters.seen(count)}
            </option>
          ))}
        </datalist>
      </div>
    );
  },
  { props: ['add'] },
);

interface ChoiceProps {
  readonly name: 'mode' | 'type' | 'matchType';
  readonly filter: Record<ChoiceProps['name'], string>;
  readonly options: Options;
}

function Choice({ name, filter, options }: ChoiceProps): VNode {
  return (
    <SelectField
      id={`filter-${name}`}
      label={text.webhook.filters.labels[name]}
      options={options}
      value={filter[name]}
      set={value => (filter[name] = value)}
    />
  );
}
