/**
 * Checks requests against the routes' schemas.
 *
 * A body must be what its schema says, to the letter: "3" is no number, and a key too many is an error rather than a
 * wish that is silently dropped. Parameters are text by nature and are read as what their schema asks for.
 */
import { Ajv } from 'ajv';
import type { AnySchema, ErrorObject, ValidateFunction } from 'ajv';
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';

import { ProblemError } from './problem.ts';
import type { FieldError } from './problem.ts';

/** CloudStack's own words where a value is none of the words allowed. */
const cloudStackWords: Readonly<Record<string, string>> = {
  '/scope': 'Invalid scope specified',
  '/state': 'Invalid state specified',
  '/mode': 'Invalid mode specified',
  '/matchType': 'Invalid match type specified',
};

/** @param shared the schemas that others refer to by their `$id`. */
export function createValidatorCompiler(
  shared: readonly AnySchema[],
): FastifySchemaCompiler<FastifySchema> {
  const body = { coerceTypes: false };
  const text = { coerceTypes: true };
  const [first, all] = [
    createAjv(shared, { ...body, allErrors: false }),
    createAjv(shared, { ...body, allErrors: true }),
  ];
  const coercing = createAjv(shared, { ...text, allErrors: true });
  return ({ schema, httpPart }) =>
    httpPart === 'body'
      ? validateInTwo(first.compile(schema), all.compile(schema))
      : coercing.compile(schema);
}

/** Values in a body, beyond which only the first error is told. */
const valuesMax = 10_000;

/**
 * Whoever may send megabytes could cause half a million errors, and collecting those takes seconds of everybody's time.
 * So they are collected where there can be few.
 */
function validateInTwo(first: ValidateFunction, all: ValidateFunction): FastifyValidator {
  const validate: FastifyValidator = (body: unknown): boolean => {
    if (first(body)) return true;
    const asked = countValues(body, valuesMax) < valuesMax ? all : first;
    if (asked === all) all(body);
    validate.errors = asked.errors ?? null;
    return false;
  };
  return validate;
}

/** How many values there are in a value, up to a limit. */
function countValues(value: unknown, limit: number): number {
  const open: unknown[] = [value];
  let count = 0;
  for (let next = open.pop(); next !== undefined && count < limit; next = open.pop()) {
    count += 1;
    if (typeof next !== 'object' || next === null) continue;
    const inner: unknown[] = Object.values(next);
    count += inner.length;
    if (count < limit) open.push(...inner);
  }
  return count;
}

interface FastifyValidator {
  (body: unknown): boolean;
  errors?: ErrorObject[] | null;
}

function createAjv(
  shared: readonly AnySchema[],
  options: { coerceTypes: boolean; allErrors: boolean },
): Ajv {
  const ajv = new Ajv({
    ...options,
    useDefaults: true,
    allowUnionTypes: true,
    keywords: ['example'],
  });
  ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  ajv.addFormat('date-time', isInstant);
  ajv.addSchema([...shared]);
  return ajv;
}

/** RFC 3339, section 5.6: date, time and offset, all of them. */
function isInstant(text: string): boolean {
  const shaped = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(
    text,
  );
  return shaped && !Number.isNaN(Date.parse(text));
}

/** For Fastify's `schemaErrorFormatter`. @param part `body`, `querystring`, `params`. */
export function formatErrors(errors: readonly SchemaError[], part: string): ProblemError {
  // Of an alternative, what is wrong within says more than that it is not met.
  const found = errors.filter(({ keyword }) => keyword !== 'if');
  const shown = found.slice(0, errorsMax).map(error => toFieldError(error, part));
  const told = shown.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const left = found.length - shown.length;
  return new ProblemError('request_invalid', left > 0 ? `${told}; and ${left} more` : told, shown);
}

/** More, and nobody would read them. */
const errorsMax = 50;
/** Of a key that a request made up. */
const nameCharsMax = 100;

/** What Ajv and Fastify agree on about an error. */
interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

function toFieldError(
  { keyword, instancePath, params, message }: SchemaError,
  part: string,
): FieldError {
  const inBody = part === 'body';
  const path = inBody ? instancePath || '/' : instancePath.slice(1) || part;
  switch (keyword) {
    case 'enum': {
      const allowed = params['allowedValues'];
      const words = `must be one of ${Array.isArray(allowed) ? allowed.join(', ') : ''}`;
      const theirs = inBody ? cloudStackWords[instancePath] : undefined;
      return { path, message: theirs === undefined ? words : `${theirs}; ${words}` };
    }
    case 'additionalProperties':
      return {
        path,
        message: `has no field ${String(params['additionalProperty']).slice(0, nameCharsMax)}`,
      };
    default:
      return { path, message: message ?? `does not match ${keyword}` };
  }
}
