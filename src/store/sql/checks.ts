/** Check constraints of a table, from its fields' JSON schemas or from lists of words. */
import type { TSchema } from 'typebox';

import { facetsOf } from '../../webhook/field.ts';

interface Check {
  readonly name: string;
  readonly expression: string;
}

/** Constrains a column to a list of words. @example checkWords('app_user', 'role', roles) */
export function checkWords(table: string, column: string, words: readonly string[]): Check {
  const list = words.map(word => `'${word}'`).join(', ');
  return { name: `${table}_${column}_check`, expression: `${column} in (${list})` };
}

/** @example checksOf('webhook', webhookFields) // [{ name: 'webhook_state_check', expression: … }, …] */
export function checksOf(
  table: string,
  fields: Readonly<Record<string, { readonly schema: TSchema }>>,
): Check[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const column = name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    const { type = [], enum: words, minimum, maximum } = facetsOf(field);
    const check = (expression: string) => [{ name: `${table}_${column}_check`, expression }];
    if (words) {
      return [
        checkWords(
          table,
          column,
          words.filter(word => word !== null),
        ),
      ];
    }
    if (minimum !== undefined && maximum !== undefined) {
      return check(`${column} >= ${minimum} and ${column} <= ${maximum}`);
    }
    return [type].flat().includes('object') ? check(`jsonb_typeof(${column}) = 'object'`) : [];
  });
}
