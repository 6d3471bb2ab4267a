/**
 * Checks requests against the routes' schemas.
 *
 * A body must be what its schema says, to the letter: "3" is no number, and a key too many is an error rather than a
 * wish that is silently dropped. Parameters are text by nature and are read as what their schema asks for.
 */
import { Ajv } from 'ajv';
import type { AnySchema } from 'ajv';
import type { FastifySchema, FastifySchemaCompiler } from 'fastify';

import { ProblemError } from './problem.ts';
import type { Fault } from './problem.ts';

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
  const strict = createAjv(shared, false);
  const coercing = createAjv(shared, true);
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema);
}

function createAjv(shared: readonly AnySchema[], coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    coerceTypes,
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
export function formatFaults(errors: readonly SchemaFault[], part: string): ProblemError {
  // Of an alternative, what is wrong within says more than that it is not met.
  const told = errors.filter(({ keyword }) => keyword !== 'if');
  const faults = told.map(error => toFault(error, part));
  return new ProblemError(
    'request_invalid',
    faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  );
}

/** What Ajv and Fastify agree on about an error. */
interface SchemaFault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

function toFault({ keyword, instancePath, params, message }: SchemaFault, part: string): Fault {
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
      return { path, message: `does not know ${String(params['additionalProperty'])}` };
    default:
      return { path, message: message ?? `does not match ${keyword}` };
  }
}
