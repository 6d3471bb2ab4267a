/** Options of a webhook's fields: their texts and types are those of `webhook/fields.ts`. */
import { InvalidArgumentError } from 'commander';

import { facetsOf } from '../../webhook/field.ts';
import type { Facets, FieldOption } from '../../webhook/field.ts';
import { webhookFields } from '../../webhook/fields.ts';
import { fieldNames, initialValues, isRequired, requiredFields } from '../../webhook/values.ts';
import type { WebhookField } from '../../webhook/values.ts';
import type { DetailedOption, OptionDefinitions } from '../command/definition.ts';
import { parseList, parseWhole } from '../command/value.ts';
import { isRow, type Row } from '../terminal/show.ts';

/** Options of `webhook update`, by the fields' names in the API: first those that `webhook create` requires. */
export const changeOptions: OptionDefinitions = {
  ...optionsOf(requiredFields),
  ...optionsOf(fieldNames.filter(name => !isRequired(name))),
  domainId: '--domain <id>  the domain, with scope Domain',
  secretKey: {
    usage:
      '--secret <text>  secret that signs deliveries, for libraries of Standard Webhooks whsec_… or base64; - reads it from standard input; "" unsets it',
    input: 'line',
  },
};

/** Options of `webhook create`. */
export const createOptions: OptionDefinitions = {
  ...changeOptions,
  ...withDefaults(optionsOf(fieldNames)),
  ...optionsOf(requiredFields, { isRequired: true }),
};

/** Says in the help what a new webhook has where the option is not given. */
function withDefaults(options: Readonly<Record<string, DetailedOption>>): OptionDefinitions {
  const initial: Row = initialValues;
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) => {
      const value = initial[name];
      // A flag's help says itself what holds without it; nothing is what null stands for.
      const isTold = typeof value === 'string' || Array.isArray(value);
      return isTold
        ? [[name, { ...option, usage: `${option.usage} (default ${String(value)})` }]]
        : [];
    }),
  );
}

function optionsOf(names: readonly WebhookField[], more: Partial<DetailedOption> = {}) {
  return Object.fromEntries(
    names.flatMap(name => {
      const field = webhookFields[name];
      if (!('option' in field)) return [];
      return [[name, { ...toOption(name, field.option, facetsOf(field)), ...more }]];
    }),
  );
}

/** @example toOption('msgKey', …) // { usage: '--msg-key <key>  …', isUnsetByEmpty: true } */
function toOption(
  name: string,
  { about, value, negated, input, name: own = name }: FieldOption,
  { type = [], enum: words, minLength = 0 }: Facets,
): DetailedOption {
  const types = [type].flat();
  const flag = `--${own.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
  const usage = (placeholder: string) => `${flag} <${value ?? placeholder}>  ${about}`;
  if (input === 'headers') return { usage: usage('header'), input, isRepeated: true };
  if (words) return { usage: usage(name), choices: words.filter(word => word !== null) };
  if (types.includes('boolean')) return { usage: `${flag}  ${about}`, negated };
  if (types.includes('integer')) return { usage: usage('n'), parse: parseWhole };
  if (types.includes('array')) return { usage: usage('list'), parse: parseList };
  if (types.includes('object')) {
    return { usage: usage('json'), parse: parseObject, isUnsetByEmpty: true };
  }
  // Where an empty text is a value, it is not what unsets the field.
  const isUnsetByEmpty = types.includes('null') && minLength > 0;
  return { usage: usage('text'), input, ...(isUnsetByEmpty && { isUnsetByEmpty }) };
}

function parseObject(text: string): Row {
  try {
    const value: unknown = JSON.parse(text);
    if (isRow(value)) return value;
  } catch {
    // Text that is no JSON is refused like JSON that is no object.
  }
  throw new InvalidArgumentError('expected a JSON object, such as {"name":"value"}');
}
