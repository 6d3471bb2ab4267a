/** Filters, and a button that removes each. */
import type { VNode } from 'vue';

import type { NewFilter } from '../../../client/api.ts';
import { act } from '../../../part/answer/act.ts';
import { DataTable } from '../../../part/data/data-table.tsx';
import type { Column } from '../../../part/data/data-table.tsx';
import { text } from '../../../text/en.ts';

interface Props {
  readonly filters: readonly NewFilter[];
  readonly remove: (index: number) => Promise<void>;
}

interface Row {
  readonly filter: NewFilter;
  readonly index: number;
}

export function FilterTable({ filters, remove }: Props): VNode {
  const { labels, modes, types, matchTypes } = text.webhook.filters;
  const columns: readonly Column<Row>[] = [
    { label: labels.mode, cell: ({ filter: { mode = 'Include' } }) => modes[mode] },
    { label: labels.type, cell: ({ filter: { type = 'EventType' } }) => types[type] },
    {
      label: labels.matchType,
      cell: ({ filter: { type, matchType = 'Exact' } }) =>
        type === 'Expression' ? '' : matchTypes[matchType],
    },
    {
      label: labels.value,
      isName: true,
      cell: ({ filter: { value } }) => <code class="break">{value}</code>,
    },
    {
      label: labels.act,
      cell: ({ index, filter: { value } }) => (
        <button
          type="button"
          class="button-small"
          aria-label={text.webhook.filters.removeOf(value)}
          onClick={act(async () => remove(index))}
        >
          {text.webhook.filters.remove}
        </button>
      ),
    },
  ];
  return (
    <DataTable
      caption={text.webhook.headings.filters}
      columns={columns}
      rows={filters.map((filter, index) => ({ filter, index }))}
      idOf={({ index }) => String(index)}
    />
  );
}
