/** A source that receives messages over HTTP: the keys of an item of `sources` of kind `http`, and what they build. */
import { refuse } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';

export const httpKeys = {
  token: {
    doc: 'Token that senders must present: as `Authorization: Bearer <token>`, as the password of Basic authentication or, if they cannot set headers, as `?access_token=<token>`. At least 16 characters.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  hmac: {
    secret: {
      doc: 'HMAC key, for senders that sign the body. If a token is set as well, both must be valid. At least 16 characters.',
      kind: 'text',
      optional: true,
      sensitive: true,
    },
    header: {
      doc: 'Header that carries the signature, such as `X-Auth-Token` for Cloudpods or `X-CS-Signature` for CloudStack.',
      kind: 'headerName',
      default: 'X-Signature',
    },
    algorithm: {
      doc: 'Hash function of the HMAC.',
      kind: 'word',
      words: ['sha256', 'sha1', 'sha512'],
      default: 'sha256',
    },
    encoding: {
      doc: 'Encoding of the signature.',
      kind: 'word',
      words: ['hex', 'base64'],
      default: 'hex',
    },
    prefix: {
      doc: 'Text before the signature in the header, such as `sha256=`.',
      kind: 'text',
      optional: true,
    },
    signs: {
      doc: 'What is signed: the body alone; the body after a time from `hmac.timestampHeader`, put together by `hmac.template`; or by the rules of Standard Webhooks id, time and body, which need no other key but the secret. With a time, messages older than `hmac.toleranceMs` are refused and one that comes again is not recorded again.',
      kind: 'word',
      words: ['body', 'timestamp', 'standard-webhooks'],
      default: 'body',
    },
    timestampHeader: {
      doc: 'Header with the time at which the message was signed, in seconds since 1970, such as `X-Slack-Request-Timestamp`.',
      kind: 'headerName',
      default: 'X-Timestamp',
    },
    template: {
      doc: 'How time and body are put together for signing, such as `v0:{timestamp}:{body}`.',
      kind: 'text',
      default: '{timestamp}.{body}',
    },
    toleranceMs: {
      doc: 'How far the signed time may be away from the clock here.',
      unit: 'ms',
      kind: 'whole',
      min: 1_000,
      max: 86_400_000,
      default: 300_000,
    },
    once: {
      doc: 'Record a message whose body alone is signed once only, as long as `retention.keyHours` remembers it: whoever has seen such a message could send it again for ever. For senders whose bodies contain a time or an id, as otherwise two equal events become one.',
      kind: 'flag',
      default: false,
    },
  },
  ...formatKeys,
  idempotencyHeader: {
    doc: 'Header with a value that the sender repeats when it retries. It identifies events that carry no id of their own.',
    kind: 'headerName',
    default: 'Idempotency-Key',
  },
  origins: {
    doc: 'Origins that get permission to send, by the handshake of the CloudEvents WebHook specification, such as `eventgrid.example.com`; `*` is any.',
    kind: 'list',
    default: ['*'],
  },
  bodyBytesMax: {
    doc: 'Maximum size of a request body.',
    unit: 'bytes',
    kind: 'whole',
    min: 1,
    max: 4_194_304,
    default: 1_048_576,
  },
  waitMs: {
    doc: "How long a request waits to be recorded before it is answered with 503, so that the sender retries. Choose less than the sender's own timeout: Monasca has 5 s, Xen Orchestra 10 s.",
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 4_000,
  },
  waitingMax: {
    doc: 'Maximum number of requests waiting to be recorded; further ones are answered with 503.',
    unit: 'requests',
    kind: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
  },
} as const satisfies Section;

export type HttpValues = ValueOf<typeof httpKeys>;

/** Senders prove themselves by `token`, `hmac` or both; at least one of the two is present. */
export interface HttpConfig extends Omit<HttpValues, 'hmac'> {
  readonly kind: 'http';
  readonly name: string;
  /** How the body is signed; absent: it is not. */
  readonly hmac?: HttpValues['hmac'] & { readonly secret: string };
}

const secretLengthMin = 16;

/** @returns undefined when a problem was reported. */
export function buildHttp(
  { hmac, ...rest }: HttpValues,
  { name, path, report }: SourceDeps,
): HttpConfig | undefined {
  const { token } = rest;
  const { secret } = hmac;
  const before = report.problems.length;
  if (token === undefined && secret === undefined) {
    refuse(
      report,
      `${path}.token`,
      'null: expected a token, or hmac.secret: nobody may send without one',
    );
  }
  for (const [key, text] of Object.entries({ token, 'hmac.secret': secret })) {
    if (text === undefined || text.length >= secretLengthMin) continue;
    refuse(
      report,
      `${path}.${key}`,
      `${text.length} characters: expected at least ${secretLengthMin}`,
    );
  }
  if (hmac.signs === 'standard-webhooks' && secret !== undefined && !hasKey(secret)) {
    const expected = `expected base64 of at least ${secretLengthMin} bytes after whsec_`;
    refuse(report, `${path}.hmac.secret`, `(not shown): ${expected}`);
  }
  if (token !== undefined && !/^[!-~]+$/.test(token)) {
    refuse(
      report,
      `${path}.token`,
      '(not shown): expected ASCII characters without blanks, for it travels in a header',
    );
  }
  if (['{timestamp}', '{body}'].some(part => hmac.template.split(part).length !== 2)) {
    const expected = 'expected one {timestamp} and one {body}';
    refuse(report, `${path}.hmac.template`, `${JSON.stringify(hmac.template)}: ${expected}`);
  }
  if (report.problems.length > before) return undefined;
  return {
    kind: 'http',
    name,
    ...rest,
    hmac: secret === undefined ? undefined : { ...hmac, secret },
  };
}

/** Node.js decodes whatever it finds, so that a misspelt secret may leave a key of a few bytes, or none, that anybody has. */
function hasKey(secret: string): boolean {
  const [, base64] = /^whsec_(.+)$/.exec(secret) ?? [];
  if (base64 === undefined) return true;
  const isBase64 = /^[\w+/-]+={0,2}$/.test(base64);
  return isBase64 && Buffer.from(base64, 'base64').length >= secretLengthMin;
}
