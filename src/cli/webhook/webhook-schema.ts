/**
 * What a webhook may be, as the Hookline that is asked documents it: a file is checked by the rules of the server it
 * goes to, and a field that a newer one has needs no newer command line.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

import { closest } from '../../config/value/closest.ts';
import type { Client } from '../terminal/client.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';

export interface WebhookSchema {
  /** Names of all that can be said of a new webhook. */
  readonly fields: readonly string[];
  /** What is wrong with it, each with a JSON Pointer; a filter's defaults are filled in. */
  check(this: void, webhook: Row): readonly SchemaFault[];
}

export interface SchemaFault {
  /** JSON Pointer. */
  readonly path: string;
  readonly message: string;
}

/** @throws {CommandError} when the server's document has no webhooks. */
export async function readWebhookSchema(client: Client): Promise<WebhookSchema> {
  const { components } = await client.get('/v1/openapi.json');
  const schemas = Object(components).schemas;
  const properties: unknown = Object(schemas).NewWebhook?.properties;
  if (typeof properties !== 'object' || properties === null) {
    throw new CommandError('This Hookline does not document webhooks: is it of another version?', {
      code: 'server_unknown',
    });
  }
  const checkWebhook = compile(schemas, 'NewWebhook', false);
  // Only a filter's: what a file leaves out of a webhook is not to be touched.
  const checkFilter = compile(schemas, 'NewFilter', true);
  return {
    fields: Object.keys(properties),
    check(webhook) {
      const filters: readonly unknown[] = Array.isArray(webhook['filters'])
        ? webhook['filters']
        : [];
      for (const filter of filters) checkFilter(filter);
      return checkWebhook(webhook) ? [] : (checkWebhook.errors ?? []).map(toFault);
    },
  };
}

function compile(schemas: unknown, name: string, useDefaults: boolean): ValidateFunction {
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
      const near = closest(name, Object.keys(Object(parentSchema?.['properties'])));
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      return { path: `${instancePath}/${name}`, message: `is not known${hint}` };
    }
    default:
      return { path: instancePath, message: message ?? `does not match ${keyword}` };
  }
}
