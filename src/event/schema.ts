/**
 * The smallest JSON schemas, each with the type of the values it allows: what REST, the webhook's fields and the command
 * line describe values with. Objects are composed of them with TypeBox (`Type.Object`, see `api/http/schema.ts`).
 *
 *     const name = line({ description: 'For people.' });   // { type: 'string', maxLength: 255, …, description: … }
 *     type Name = Static<typeof name>;                     // string
 *
 * Only TypeBox's types are used here: loading its builders would double the time in which a command starts.
 */
import type { Static, TSchema, TUnsafe } from 'typebox';

/** The keywords of a schema besides its type; OpenAPI's `example` included. */
export interface SchemaOptions {
  readonly description?: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

/** A JSON schema written out, and the type of its values: TypeBox's `Type.Unsafe`. */
export function schemaOf<T>(schema: object): TUnsafe<T>;
export function schemaOf(schema: object): object {
  return schema;
}

export const text = (options: SchemaOptions = {}): TUnsafe<string> =>
  schemaOf({ type: 'string', ...options });

/** Our own id: a UUID. */
export const uuid = (options: SchemaOptions = {}): TUnsafe<string> =>
  schemaOf({ type: 'string', format: 'uuid', ...options });

/** RFC 3339 with an offset. In an answer a Date is written as such a text. */
export const instant = (options: SchemaOptions = {}): TUnsafe<string | Date> =>
  schemaOf({ type: 'string', format: 'date-time', ...options });

/** An integer. */
export const whole = (options: SchemaOptions = {}): TUnsafe<number> =>
  schemaOf({ type: 'integer', ...options });

/** An integer that is not negative. */
export const count = (options: SchemaOptions = {}): TUnsafe<number> =>
  whole({ minimum: 0, ...options });

export const real = (options: SchemaOptions = {}): TUnsafe<number> =>
  schemaOf({ type: 'number', ...options });

export const flag = (options: SchemaOptions = {}): TUnsafe<boolean> =>
  schemaOf({ type: 'boolean', ...options });

export const oneOf = <const Word extends string>(
  words: readonly Word[],
  options: SchemaOptions = {},
): TUnsafe<Word> => schemaOf({ type: 'string', enum: words, ...options });

/** A name that people gave: at most 255 characters, not all of them blank, and none that PostgreSQL cannot hold. */
export const line = (options: SchemaOptions = {}): TUnsafe<string> =>
  text({ maxLength: 255, pattern: String.raw`^(?=[\s\S]*\S)[^\u0000]*$`, ...options });

/** Id of an account or a domain, which the cloud chose. */
export const cloudId = (options: SchemaOptions = {}): TUnsafe<string> =>
  text({ minLength: 1, maxLength: 255, pattern: String.raw`^[^\u0000]+$`, ...options });

export const arrayOf = <Item extends TSchema>(
  items: Item,
  options: SchemaOptions = {},
): TUnsafe<readonly Static<Item>[]> => schemaOf({ type: 'array', items, ...options });

/** An object with any keys. */
export const mapOf = <Value extends TSchema>(
  values: Value,
  options: SchemaOptions = {},
): TUnsafe<Readonly<Record<string, Static<Value>>>> =>
  schemaOf({ type: 'object', additionalProperties: values, ...options });

/** An object with any keys and values. */
export const anyObject = (
  options: SchemaOptions = {},
): TUnsafe<Readonly<Record<string, unknown>>> =>
  schemaOf({ type: 'object', additionalProperties: true, ...options });

/** The same, or null; of a schema with one `type`. */
export function nullable<Value extends TSchema>(
  schema: Value & { readonly type?: unknown; readonly enum?: readonly unknown[] },
): TUnsafe<Static<Value> | null> {
  const { type, enum: words } = schema;
  return schemaOf({ ...schema, type: [type, 'null'], ...(words && { enum: [...words, null] }) });
}
