/**
 * The schema of a webhook in the API document of the server: a file is checked by the rules of the server that it goes
 * to, so that a field of a newer server needs no newer command line.
 */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

import { closest } from '../../config/value/closest.ts';
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';

export interface WebhookSchema {
  /** Names of the fields of a new webhook. */
  readonly fields: readonly string[];
  /** @returns faults of a webhook, whose filters get their defaults. */
  check(this: void, webhook: Row): readonly SchemaFault[];
}

export interface SchemaFault {
  /** JSON Pointer to the field. */
  readonly path: string;
  readonly message: string;
}

interface ApiDocument {
  readonly components?: {
    readonly schemas?: {
      readonly NewWebhook?: { readonly properties?: object };
      readonly NewFilter?: object;
    };
  };
}

/** @throws {CommandError} where the server's document has no webhooks. */
export async function readWebhookSchema(client: Client): Promise<WebhookSchema> {
  const { components } = await client.get<ApiDocument>('/v1/openapi.json');
  const schemas = components?.schemas;
  const properties = schemas?.NewWebhook?.properties;
  if (properties === undefined) {
    throw new CommandError('This Hookline does not document webhooks: is it of another version?', {
      code: 'server_unknown',
    });
  }
  const checkWebhook = await compile(schemas, 'NewWebhook', false);
  // Defaults for filters alone: a field that a file leaves out of a webhook stays as it is.
  const checkFilter = await compile(schemas, 'NewFilter', true);
  return {
    fields: Object.keys(properties),
    check(webhook) {
      const { filters } = webhook;
      if (Array.isArray(filters)) for (const filter of filters) checkFilter(filter);
      return checkWebhook(webhook) ? [] : (checkWebhook.errors ?? []).map(toFault);
    },
  };
}

async function compile(
  schemas: unknown,
  name: string,
  useDefaults: boolean,
): Promise<ValidateFunction> {
  // Two commands need it; all others start faster without.
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    validateFormats: false,
    useDefaults,
  });
  ajv.addSchema({ $id: 'api', components: { schemas } });
  return ajv.compile({ $ref: `api#/components/schemas/${name}` });
}

function toFault({
  keyword,
  instancePath,
  params,
  parentSchema,
  message,
}: ErrorObject): SchemaFault {
  switch (keyword) {
    case 'enum':
      return {
        path: instancePath,
        message: `must be one of ${params['allowedValues'].join(', ')}`,
      };
    case 'required':
      return { path: `${instancePath}/${params['missingProperty']}`, message: 'is missing' };
    case 'additionalProperties': {
      const name: string = params['additionalProperty'];
      const near = closest(name, Object.keys(parentSchema?.['properties'] ?? {}));
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      return { path: `${instancePath}/${name}`, message: `is not known${hint}` };
    }
    default:
      return { path: instancePath, message: message ?? `does not match ${keyword}` };
  }
}
