/** Which categories of events, in which order, how fast, and how often again. */
import type { VNode } from 'vue';

import { CheckField, SelectField, TextField } from '../../../part/field.tsx';
import { oneOf } from '../../../part/data/filters.ts';
import { text } from '../../../text/en.ts';
import type { Draft } from './draft.ts';

const numbers = ['tries', 'timeoutMs', 'concurrencyMax', 'ratePerSecondMax'] as const;

export function CategoryFields({ draft }: { readonly draft: Draft }): VNode {
  const { categories } = text.webhook;
  const toggle = (category: Draft['categories'][number]): void => {
    draft.categories = draft.categories.includes(category)
      ? draft.categories.filter(each => each !== category)
      : [...draft.categories, category];
  };
  return (
    <fieldset class="stack">
      <legend>{text.webhook.labels.categories}</legend>
      {keysOf(categories).map(category => (
        <CheckField
          key={category}
          id={`webhook-category-${category}`}
          label={categories[category]}
          value={draft.categories.includes(category)}
          set={() => toggle(category)}
        />
      ))}
    </fieldset>
  );
}

export function PaceFields({ draft }: { readonly draft: Draft }): VNode {
  const { labels, hints } = text.webhook;
  return (
    <div class="stack">
      <SelectField
        id="webhook-ordering"
        label={labels.ordering}
        options={text.webhook.orderings}
        value={draft.ordering}
        set={value => (draft.ordering = oneOf(text.webhook.orderings, value) ?? 'none')}
      />
      <div class="grid">
        {numbers.map(name => (
          <TextField
            key={name}
            id={`webhook-${name}`}
            type="number"
            label={labels[name]}
            hint={hints[name]}
            value={draft[name]}
            set={value => (draft[name] = value)}
          />
        ))}
      </div>
    </div>
  );
}

function keysOf<Key extends string>(words: Readonly<Record<Key, string>>): readonly Key[];
function keysOf(words: object): readonly string[] {
  return Object.keys(words);
}
