/** Types and lists that follow from a webhook's fields. */
import type { Static } from 'typebox';

import { audiences } from './field.ts';
import type { Audience } from './field.ts';
import { webhookFields } from './fields.ts';

type Fields = typeof webhookFields;
export type WebhookField = keyof Fields;

type FieldOf<Whom extends Audience> = {
  [Name in WebhookField]: Fields[Name]['knownTo'] extends Whom ? Name : never;
}[WebhookField];
/** Each audience with the audiences that include it. */
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

/** A webhook's row without what the database adds. All values but `accountId` can be changed. */
export type WebhookValues = WebhookOwner & {
  readonly [Name in WebhookField]: Static<Fields[Name]['schema']>;
};

/** The values that a request changes; null unsets one. */
export type WebhookChange = Partial<Omit<WebhookValues, 'accountId'>>;

/** The values that a request for a new webhook states. */
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

/** The values of something that has other properties as well, such as a row. */
export function onlyValues(values: WebhookValues): WebhookValues;
export function onlyValues(values: WebhookValues): object {
  const names = ['accountId', 'domainId', ...fieldNames] as const;
  return Object.fromEntries(names.map(name => [name, values[name]]));
}

/** JSON schemas of fields by their names. */
export function schemasOf<Name extends WebhookField>(
  names: readonly Name[],
): { readonly [Each in Name]: Fields[Each]['schema'] };
export function schemasOf(names: readonly WebhookField[]): object {
  return Object.fromEntries(names.map(name => [name, webhookFields[name].schema]));
}

/** The values of a new webhook that its request may leave out. */
export const initialValues: Omit<WebhookValues, RequiredField | keyof WebhookOwner> = initials();

function initials(): Omit<WebhookValues, RequiredField | keyof WebhookOwner>;
function initials(): object {
  return Object.fromEntries(
    Object.entries(webhookFields).flatMap(([name, field]) =>
      'initial' in field ? [[name, field.initial]] : [],
    ),
  );
}
