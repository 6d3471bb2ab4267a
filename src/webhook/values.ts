/** The values that the fields of a webhook have: in a row, in a request, and at first. */
import type { Static } from 'typebox';

import { audiences } from './field.ts';
import type { Audience } from './field.ts';
import { webhookFields } from './fields.ts';

type Fields = typeof webhookFields;
export type WebhookField = keyof Fields;

type FieldOf<Whom extends Audience> = {
  [Name in WebhookField]: Fields[Name]['knownTo'] extends Whom ? Name : never;
}[WebhookField];
/** Each audience, and those that include it. */
interface AtLeast {
  people: Audience;
  engine: Exclude<Audience, 'people'>;
  test: 'test' | 'receiver';
  receiver: 'receiver';
}
/** A field that this audience knows. */
export type FieldKnownTo<Whom extends Audience> = FieldOf<AtLeast[Whom]>;
/** A field that the request for a new webhook must state. */
export type RequiredField = {
  [Name in WebhookField]: Fields[Name] extends { readonly initial: unknown } ? never : Name;
}[WebhookField];

export interface WebhookOwner {
  readonly accountId: string;
  /** The owner's domain, unless the scope is `Domain`: then the webhook covers this one and all below it. */
  readonly domainId: string;
}

/** A webhook's own row, less what the database adds. All of it but `accountId` can be changed. */
export type WebhookValues = WebhookOwner & {
  readonly [Name in WebhookField]: Static<Fields[Name]['schema']>;
};

/** What a request wants changed; null takes a value away. */
export type WebhookChange = Partial<Omit<WebhookValues, 'accountId'>>;

/** What a request says of a webhook that is to be created. */
export type WebhookWish = WebhookChange & Pick<WebhookValues, RequiredField>;

const isField = (name: string): name is WebhookField => name in webhookFields;
export const fieldNames: readonly WebhookField[] = Object.keys(webhookFields).filter(isField);

export const isRequired = (name: WebhookField): name is RequiredField =>
  !('initial' in webhookFields[name]);
export const requiredFields: readonly RequiredField[] = fieldNames.filter(isRequired);

export function fieldsKnownTo<Whom extends Audience>(
  audience: Whom,
): readonly FieldKnownTo<Whom>[] {
  const isKnown = (name: WebhookField): name is FieldKnownTo<Whom> =>
    audiences.indexOf(webhookFields[name].knownTo) >= audiences.indexOf(audience);
  return fieldNames.filter(isKnown);
}

/** The values alone, of something that has more than values, such as a row. */
export function onlyValues(values: WebhookValues): WebhookValues;
export function onlyValues(values: WebhookValues): object {
  const names = ['accountId', 'domainId', ...fieldNames] as const;
  return Object.fromEntries(names.map(name => [name, values[name]]));
}

/** The JSON schemas of these fields, by their names. */
export function schemasOf<Name extends WebhookField>(
  names: readonly Name[],
): { readonly [Each in Name]: Fields[Each]['schema'] };
export function schemasOf(names: readonly WebhookField[]): object {
  return Object.fromEntries(names.map(name => [name, webhookFields[name].schema]));
}

/** The values of a new webhook, but for those that its request must state. */
export const initialValues: Omit<WebhookValues, RequiredField | keyof WebhookOwner> = initials();

function initials(): Omit<WebhookValues, RequiredField | keyof WebhookOwner>;
function initials(): object {
  return Object.fromEntries(
    Object.entries(webhookFields).flatMap(([name, field]) =>
      'initial' in field ? [[name, field.initial]] : [],
    ),
  );
}
