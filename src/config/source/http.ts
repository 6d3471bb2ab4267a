/** A source that others post to: the keys of an item of `sources` of kind `http`, and what they make. */
import { refuse } from '../load/problem.ts';
import type { Section, ValueOf } from '../value/key.ts';
import { formatKeys } from './format-keys.ts';
import type { SourceDeps } from './deps.ts';

export const httpKeys = {
  token: {
    doc: 'What senders prove themselves with: as `Authorization: Bearer <token>`, as the password of Basic authentication, or where a sender can set no header, as `?access_token=<token>`. At least 16 characters.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  hmac: {
    secret: {
      doc: 'Key of a signature over the body, for senders that sign. Beside a token, both must be right. At least 16 characters.',
      kind: 'text',
      optional: true,
      sensitive: true,
    },
    header: {
      doc: 'Header with the signature, such as `X-Auth-Token` for Cloudpods or `X-CS-Signature` for CloudStack.',
      kind: 'headerName',
      default: 'X-Signature',
    },
    algorithm: {
      doc: 'Hash of the HMAC.',
      kind: 'word',
      words: ['sha256', 'sha1', 'sha512'],
      default: 'sha256',
    },
    encoding: {
      doc: 'How the signature is written.',
      kind: 'word',
      words: ['hex', 'base64'],
      default: 'hex',
    },
    prefix: {
      doc: 'What stands before the signature, such as `sha256=`.',
      kind: 'text',
      optional: true,
    },
  },
  ...formatKeys,
  idempotencyHeader: {
    doc: 'Header that is the same whenever the sender tries again. It names the events that name themselves by nothing else.',
    kind: 'headerName',
    default: 'Idempotency-Key',
  },
  origins: {
    doc: 'Who may begin to send, by the handshake of the CloudEvents WebHook specification: names of systems such as `eventgrid.example.com`, or `*`.',
    kind: 'list',
    default: ['*'],
  },
  bodyBytesMax: {
    doc: 'Largest body that is taken.',
    unit: 'bytes',
    kind: 'whole',
    min: 1,
    max: 4_194_304,
    default: 1_048_576,
  },
  waitMs: {
    doc: 'A request that is not recorded after this long is answered with 503, so that the sender tries again. Less than its patience: Monasca has 5 s, Xen Orchestra 10 s.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 4_000,
  },
  waitingMax: {
    doc: 'Requests that wait to be recorded; more are answered with 503.',
    unit: 'requests',
    kind: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
  },
} as const satisfies Section;

export type HttpValues = ValueOf<typeof httpKeys>;

/** Senders prove themselves by `token`, by `hmac`, or by both; at least one of them is there. */
export interface HttpConfig extends Omit<HttpValues, 'hmac'> {
  readonly kind: 'http';
  readonly name: string;
  /** A signature over the body. */
  readonly hmac?: HttpValues['hmac'] & { readonly secret: string };
}

const secretLengthMin = 16;

/** Undefined when a problem was reported. */
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
  if (token !== undefined && !/^[!-~]+$/.test(token)) {
    refuse(
      report,
      `${path}.token`,
      '(not shown): expected ASCII characters without blanks, for it travels in a header',
    );
  }
  if (report.problems.length > before) return undefined;
  return {
    kind: 'http',
    name,
    ...rest,
    hmac: secret === undefined ? undefined : { ...hmac, secret },
  };
}
