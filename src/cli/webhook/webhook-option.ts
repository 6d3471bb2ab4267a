/** Options of a webhook's fields. */
import { InvalidArgumentError } from 'commander';

import { orderings, scopes, webhookStates } from '../../webhook/words.ts';
import type { OptionDefinitions } from '../command/definition.ts';
import { parseList, parseWhole } from '../command/value.ts';
import { isRow, type Row } from '../terminal/show.ts';

/** Fields that create and update have in common, by their names in the API. */
export const webhookOptions: OptionDefinitions = {
  description: '--description <text>  a description for people',
  scope: { usage: '--scope <scope>  whose events it receives', choices: scopes },
  state: {
    usage: '--state <state>  a disabled webhook receives nothing',
    choices: webhookStates,
  },
  domainId: '--domain <id>  the domain, with scope Domain',
  secretKey: {
    usage:
      '--secret <text>  secret that signs deliveries; - reads it from standard input; "" unsets it',
    input: 'line',
  },
  sslVerification: {
    usage: '--ssl-verification  require a valid certificate (https)',
    negated: 'accept any certificate',
  },
  format: '--format <name>  format of the requests; see `hookline format list`',
  body: {
    usage: '--body <json>  fields added to the body, as a JSON object; "" unsets them',
    parse: parseObject,
    isUnsetByEmpty: true,
  },
  msgKey: {
    usage: '--msg-key <key>  format cloudpods: key of the message as text; "" unsets it',
    isUnsetByEmpty: true,
  },
  template: {
    usage:
      '--template <text>  template of the body in place of the format; - reads it from standard input; "" unsets it',
    input: 'text',
    isUnsetByEmpty: true,
  },
  validation: {
    usage: '--validation <how>  how the receiver is asked whether it wants deliveries',
    choices: ['none', 'post', 'options'],
  },
  categories: {
    usage: "--categories <list>  CloudStack's categories, or *",
    parse: parseList,
  },
  tries: {
    usage: '--tries <n>  maximum number of attempts of a delivery',
    parse: parseWhole,
  },
  timeoutMs: {
    usage: '--timeout-ms <ms>  maximum duration of an attempt',
    parse: parseWhole,
  },
  concurrencyMax: {
    usage: '--concurrency-max <n>  maximum number of requests in flight',
    parse: parseWhole,
  },
  ratePerSecondMax: {
    usage: '--rate-per-second-max <n>  maximum number of requests per second',
    parse: parseWhole,
  },
  ordering: {
    usage: '--ordering <how>  entity: events of one entity are delivered one at a time, in order',
    choices: orderings,
  },
  batch: {
    usage:
      '--batch <json>  several events in a request: {"eventsMax":100,"waitMs":1000,"as":"ndjson","gzip":true}; "" is one event a request',
    parse: parseObject,
    isUnsetByEmpty: true,
  },
};

function parseObject(text: string): Row {
  try {
    const value: unknown = JSON.parse(text);
    if (isRow(value)) return value;
  } catch {
    // Text that is no JSON is refused like JSON that is no object.
  }
  throw new InvalidArgumentError('expected a JSON object, such as {"name":"value"}');
}
