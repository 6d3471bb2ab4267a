/**
 * Checks requests against the routes' schemas.
 *
 * Bodies are checked strictly: "3" is not a number, and an unknown key is an error instead of being ignored. Parameters
 * are always text and are converted to the type of their schema.
 */
import { Ajv } from 'ajv';
import type { AnySchema, ValidateFunction } from 'ajv';
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';

import { lazyValidator, type Validator } from './lazy-compilers.ts';
import { ProblemError } from './problem.ts';
import type { FieldError } from './problem.ts';

/** CloudStack's error texts for values that are not in the enumeration. */
const cloudStackWords: Readonly<Record<string, string>> = {
  '/scope': 'Invalid scope specified',
  '/state': 'Invalid state specified',
  '/mode': 'Invalid mode specified',
  '/matchType': 'Invalid match type specified',
};

/** @param shared schemas that others refer to by their `$id`. */
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
    lazyValidator(() =>
      httpPart === 'body'
        ? validateInTwo(first.compile(schema), all.compile(schema))
        : coercing.compile(schema),
    );
}

/** For bodies with more values than this, only the first error is reported. */
const valuesMax = 10_000;

/**
 * Collects all errors of small bodies, and only the first of large ones: megabytes could contain half a million errors,
 * and collecting those would block everybody for seconds.
 */
function validateInTwo(first: ValidateFunction, all: ValidateFunction): Validator {
  const validate: Validator = (body: unknown): boolean => {
    if (first(body)) return true;
    const asked = countValues(body, valuesMax) < valuesMax ? all : first;
    if (asked === all) all(body);
    validate.errors = asked.errors ?? null;
    return false;
  };
  return validate;
}

/** Counts the values inside a value, up to a limit. */
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

/** Whether the text is an instant with date, time and offset. Source: RFC 3339, section 5.6. */
function isInstant(text: string): boolean {
  const shaped = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(
    text,
  );
  return shaped && !Number.isNaN(Date.parse(text));
}

/** For Fastify's `schemaErrorFormatter`. @param part `body`, `querystring`, `params`. */
export function formatErrors(errors: readonly SchemaError[], part: string): ProblemError {
  const found = keepClosest(errors);
  const shown = found.slice(0, errorsMax).map(error => toFieldError(error, part));
  const detail = shown.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const left = found.length - shown.length;
  return new ProblemError(
    'request_invalid',
    left > 0 ? `${detail}; and ${left} more` : detail,
    shown,
  );
}

/**
 * Leaves out what is wrong by the alternatives of a `oneOf` that the value is farther from: it has fewest errors by the
 * one that its sender meant.
 */
function keepClosest(errors: readonly SchemaError[]): readonly SchemaError[] {
  const choice = errors.find(({ keyword }) => keyword === 'oneOf');
  if (!choice) return errors;
  const inside = errors.filter(({ schemaPath }) => schemaPath.startsWith(`${choice.schemaPath}/`));
  const byAlternative = Map.groupBy(inside, ({ schemaPath }) =>
    schemaPath
      .slice(choice.schemaPath.length + 1)
      .split('/', 1)
      .join(),
  );
  const [closest] = [...byAlternative.values()].toSorted((one, other) => one.length - other.length);
  const kept = new Set(closest ?? [choice]);
  return errors.filter(error => kept.has(error) || (error !== choice && !inside.includes(error)));
}

/** Maximum number of errors in an answer. */
const errorsMax = 50;
/** Maximum length of an unknown key that is quoted. */
const nameCharsMax = 100;

/** The common part of Ajv's and Fastify's validation errors. */
interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
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
