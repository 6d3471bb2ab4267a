/** A table whose rows become cards on a narrow screen. Its roles are written out, because the cards' style would hide them. */
import type { VNode, VNodeChild } from 'vue';

import { text } from '../../text/en.ts';

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => VNodeChild;
  readonly isNumber?: boolean;
  /** Whether the cell names the row. */
  readonly isName?: boolean;
}

/** Rows that can be chosen, for what is done to several at once. */
export interface Choice {
  readonly ids: ReadonlySet<string>;
  readonly set: (ids: ReadonlySet<string>) => void;
}

interface Props<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly nameOf?: (row: Row) => string;
  readonly choice?: Choice;
}

export function DataTable<Row>(props: Props<Row>): VNode {
  const { caption, columns, rows, idOf } = props;
  return (
    <div class="card card-flush">
      <div class="scroll" tabindex={0} role="region" aria-label={caption}>
        <table role="table" class="cards">
          <caption class="hidden-label">{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {props.choice ? <ChooseAll {...props} choice={props.choice} /> : null}
              {columns.map(({ label, isNumber }) => (
                <th key={label} role="columnheader" scope="col" class={isNumber ? 'number' : ''}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map(row => (
              <tr key={idOf(row)} role="row">
                {props.choice ? <Choose {...props} choice={props.choice} row={row} /> : null}
                {columns.map(column => cellOf(column, row))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function cellOf<Row>({ label, cell, isNumber, isName }: Column<Row>, row: Row): VNode {
  return isName ? (
    <th key={label} role="rowheader" scope="row">
      {[cell(row)]}
    </th>
  ) : (
    <td key={label} role="cell" data-label={label} class={isNumber ? 'number' : ''}>
      {[cell(row)]}
    </td>
  );
}

function ChooseAll<Row>({ rows, idOf, choice }: Props<Row> & { readonly choice: Choice }): VNode {
  const isAll = rows.length > 0 && rows.every(row => choice.ids.has(idOf(row)));
  return (
    <th role="columnheader" scope="col">
      <input
        type="checkbox"
        aria-label={text.table.chooseAll}
        checked={isAll}
        onChange={() => choice.set(new Set(isAll ? [] : rows.map(idOf)))}
      />
    </th>
  );
}

function Choose<Row>(props: Props<Row> & { readonly choice: Choice; readonly row: Row }): VNode {
  const { row, choice, idOf, nameOf = idOf } = props;
  const id = idOf(row);
  const toggle = (): void => {
    const ids = new Set(choice.ids);
    if (!ids.delete(id)) ids.add(id);
    choice.set(ids);
  };
  return (
    <td role="cell">
      <input
        type="checkbox"
        aria-label={text.table.choose(nameOf(row))}
        checked={choice.ids.has(id)}
        onChange={toggle}
      />
    </td>
  );
}
