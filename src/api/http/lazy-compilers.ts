/**
 * Compilers of routes' schemas that put the work off until a route is first used. Compiled at the start, all of them take a
 * third of the start's processor time, and most routes are not used by most processes.
 */
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import type { ErrorObject, ValidateFunction } from 'ajv';

/** Fastify's own serializers, each compiled when it is first called. */
export const lazySerializers: SerializerSelector.SerializerFactory = (shared, options) => {
  const compile = SerializerSelector.SerializerSelector()(shared, options);
  return route => {
    let serialize: SerializerSelector.Serializer | undefined;
    return value => (serialize ??= compile(route))(value);
  };
};

/** As Fastify calls it: what is wrong is in `errors` when it answers false. */
export interface Validator {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null;
}

/** A validator that is compiled when it is first called. */
export function lazyValidator(compile: () => ValidateFunction | Validator): Validator {
  let compiled: ValidateFunction | Validator | undefined;
  const validate: Validator = value => {
    compiled ??= compile();
    const isValid = compiled(value);
    validate.errors = compiled.errors ?? null;
    return isValid;
  };
  return validate;
}
