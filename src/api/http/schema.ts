/**
 * Schemas of requests and answers, made of the single values of `event/schema.ts`. The types of requests and answers are
 * inferred from them, in the handlers too.
 *
 *     const newToken = closed({ name: line(), scopes: defaulted(scopes, fullScopes) }, { $id: 'NewToken', description: 'A token to create.' });
 *     app.post('/v1/tokens', { schema: { body: ref(newToken), … } }, async ({ body }) => body.name …);
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Type } from 'typebox';
import type { Static, TObject, TProperties, TSchema, TUnsafe } from 'typebox';

import { arrayOf, uuid, nullable, schemaOf, text, whole } from '../../event/schema.ts';
import type { SchemaOptions } from '../../event/schema.ts';
import { problem, problemMediaType } from './problem.ts';

/** The Fastify instance that routes are registered with; it types their handlers by their schemas. */
export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** An object with these keys and no others, for requests. */
export const closed = <Properties extends TProperties>(
  properties: Properties,
  options: SchemaOptions & { readonly $id?: string } = {},
): TObject<Properties> => Type.Object(properties, { additionalProperties: false, ...options });

/** A key that a request may omit; the handler then gets this value. */
export function defaulted<Value extends TSchema>(
  schema: Value,
  value: Static<Value>,
): TUnsafe<Static<Value>>;
export function defaulted(schema: TSchema, value: unknown): TSchema {
  return Type.Optional(schemaOf({ ...schema, default: value }));
}

/** A reference to a schema of a route group, by its `$id`. */
export const ref = <Value extends TSchema>({
  $id,
}: Value & { readonly $id?: string }): TUnsafe<Static<Value>> => schemaOf({ $ref: `${$id}#` });

const problemAnswer = (description: string) => ({
  description,
  content: { [problemMediaType]: { schema: schemaOf<never>(ref(problem)) } },
});

/** Error answers that every route may give. */
export const problems = {
  '4xx': problemAnswer('The request is invalid or not allowed.'),
  '5xx': problemAnswer('Hookline could not process the request.'),
};

/** An answer with one resource. */
export const answer = <Value extends TSchema>(schema: Value, description: string) => ({
  description,
  content: { 'application/json': { schema: ref(schema) } },
});

export const noContent = schemaOf<undefined>({ description: 'Done.', type: 'null' });

/** An answer with a list of resources. */
export const listAnswer = <Item extends TSchema>(item: Item, description: string) =>
  Type.Object(
    {
      items: arrayOf(ref(item)),
      nextCursor: nullable(
        text({ description: 'Pass as `cursor` for the next page; null on the last one.' }),
      ),
    },
    { description },
  );

export const idParams = Type.Object({ id: uuid({ description: 'The id, as lists show it.' }) });

export const pageQuery = {
  limit: defaulted(
    whole({ minimum: 1, maximum: 500, description: 'Maximum number of items.' }),
    50,
  ),
  cursor: Type.Optional(
    text({ maxLength: 1_000, description: '`nextCursor` of the previous page.' }),
  ),
};
