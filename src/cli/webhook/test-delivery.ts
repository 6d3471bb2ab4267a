/** `hookline webhook test` */
import { defineCommand } from '../command/definition.ts';
import { printRow } from '../command/print.ts';
import { openClient } from '../context.ts';
import { CommandError } from '../terminal/failure.ts';
import type { Row } from '../terminal/show.ts';

export const testCommand = defineCommand({
  words: 'webhook test [id]',
  about:
    'send a test delivery the way real ones are sent, and show the result; fails unless the receiver accepts it',
  arguments: { id: 'a webhook; without one --payload-url is the receiver' },
  options: {
    payload: {
      usage:
        "--payload <text>  the body; - reads it from standard input; CloudStack's test body when absent",
      input: 'text',
    },
    payloadUrl: "--payload-url <url>  URL to deliver to in place of the webhook's",
    accountId:
      '--account <id>  without a webhook: the account whose rules decide which receivers are allowed',
    secretKey: {
      usage:
        '--secret <text>  secret to sign with; - reads it from standard input; "" signs nothing',
      input: 'line',
    },
    sslVerification: {
      usage: '--ssl-verification  require a valid certificate (https)',
      negated: 'accept any certificate',
    },
  },
  run: async (context, { id, accountId, ...fields }) => {
    if (id === undefined && fields.payloadUrl === undefined)
      context.command.error('error: name a webhook, or a URL by --payload-url');
    const client = await openClient(context);
    const result =
      id === undefined
        ? await client.send<TestResult>('POST', '/v1/test', { ...fields, accountId })
        : await client.send<TestResult>(
            'POST',
            `/v1/webhooks/${encodeURIComponent(id)}/test`,
            fields,
          );
    printRow(context, result, toResultRow(result));
    const { code } = result.diagnosis;
    if (code !== 'delivered')
      throw new CommandError(`It was not accepted (${code}).`, { code: 'test_failed' });
  },
});

type TestResult = {
  readonly diagnosis: { readonly code: string; readonly text: string };
  readonly request?: { readonly url: string; readonly headers: Row; readonly body: string };
  readonly response?: { readonly status: number; readonly headers: Row; readonly body: string };
  /** Durations in milliseconds. */
  readonly timing?: { readonly startedAt: string } & Readonly<Record<string, number | string>>;
};

/** Puts the diagnosis first, then what was sent and answered. */
function toResultRow({ request, response, diagnosis, timing, ...rest }: TestResult): Row {
  return {
    result: diagnosis.text,
    url: request?.url,
    requestHeaders: request?.headers,
    requestBody: request?.body,
    status: response?.status,
    responseHeaders: response?.headers,
    responseBody: response?.body,
    timing: timing && roundTimes(timing),
    ...rest,
  };
}

function roundTimes({ startedAt: _startedAt, ...steps }: NonNullable<TestResult['timing']>): Row {
  const rounded = Object.entries(steps).map(([name, ms]) => [
    name,
    Math.round(Number(ms) * 10) / 10,
  ]);
  return Object.fromEntries(rounded);
}
