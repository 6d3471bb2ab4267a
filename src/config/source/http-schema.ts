/** The keys of a source that others post to: an item of the list `sources` of kind `http`. */
import type { HttpConfig } from '../config.ts';
import { formatKeys } from './format-schema.ts';
import type { RawFormat } from './format-schema.ts';
import type { Keys } from '../value/value-kind.ts';
import type { Report } from '../load/problem.ts';
import { hmacAlgorithms, hmacEncodings } from '../words.ts';
import type { HmacAlgorithm, HmacEncoding } from '../words.ts';

export interface RawHttp extends RawFormat {
  token: string | null;
  hmac: {
    secret: string | null;
    header: string;
    algorithm: HmacAlgorithm;
    encoding: HmacEncoding;
    prefix: string | null;
  };
  idempotencyHeader: string;
  origins: string[];
  bodyBytesMax: number;
  waitMs: number;
  waitingMax: number;
}

export const httpKeys: Keys<RawHttp> = {
  token: {
    doc: 'What senders prove themselves with: as `Authorization: Bearer <token>`, as the password of Basic authentication, or where a sender can set no header, as `?access_token=<token>`. At least 16 characters.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
  },
  hmac: {
    secret: {
      doc: 'Key of a signature over the body, for senders that sign. Beside a token, both must be right. At least 16 characters.',
      format: 'text',
      default: null,
      nullable: true,
      sensitive: true,
    },
    header: {
      doc: 'Header with the signature, such as `X-Auth-Token` for Cloudpods or `X-CS-Signature` for CloudStack.',
      format: 'headerName',
      default: 'X-Signature',
    },
    algorithm: {
      doc: 'Hash of the HMAC.',
      format: 'word',
      words: hmacAlgorithms,
      default: 'sha256',
    },
    encoding: {
      doc: 'How the signature is written.',
      format: 'word',
      words: hmacEncodings,
      default: 'hex',
    },
    prefix: {
      doc: 'What stands before the signature, such as `sha256=`.',
      format: 'text',
      default: null,
      nullable: true,
    },
  },
  ...formatKeys(() => ({})),
  idempotencyHeader: {
    doc: 'Header that is the same whenever the sender tries again. It names the events that name themselves by nothing else.',
    format: 'headerName',
    default: 'Idempotency-Key',
  },
  origins: {
    doc: 'Who may begin to send, by the handshake of the CloudEvents WebHook specification: names of systems such as `eventgrid.example.com`, or `*`.',
    format: 'list',
    default: ['*'],
  },
  bodyBytesMax: {
    doc: 'Largest body that is taken.',
    unit: 'bytes',
    format: 'whole',
    min: 1,
    max: 4_194_304,
    default: 1_048_576,
  },
  waitMs: {
    doc: 'A request that is not recorded after this long is answered with 503, so that the sender tries again. Less than its patience: Monasca has 5 s, Xen Orchestra 10 s.',
    unit: 'ms',
    format: 'whole',
    min: 100,
    max: 60_000,
    default: 4_000,
  },
  waitingMax: {
    doc: 'Requests that wait to be recorded; more are answered with 503.',
    unit: 'requests',
    format: 'whole',
    min: 1,
    max: 100_000,
    default: 1_000,
  },
};

const secretLengthMin = 16;

export function buildHttp(
  name: string,
  path: string,
  raw: RawHttp,
  report: Report,
): Omit<HttpConfig, 'mapping'> | undefined {
  const { token, hmac, mapping: _, ...rest } = raw;
  const complain = (key: string, found: string, expected: string): void => {
    const at = `${path}.${key}`;
    report.problems.push(`${at} (${report.origin(at)}): ${found}: expected ${expected}`);
  };
  const before = report.problems.length;
  if (token === null && hmac.secret === null) {
    complain('token', 'null', 'a token, or hmac.secret: nobody may send without one');
  }
  for (const [key, secret] of [
    ['token', token],
    ['hmac.secret', hmac.secret],
  ] as const) {
    if (secret === null || secret.length >= secretLengthMin) continue;
    complain(key, `${secret.length} characters`, `at least ${secretLengthMin}`);
  }
  if (token !== null && !/^[!-~]+$/.test(token)) {
    complain('token', '(not shown)', 'ASCII characters without blanks, for it travels in a header');
  }
  if (report.problems.length > before) return undefined;
  const { secret, prefix, ...how } = hmac;
  return {
    kind: 'http',
    name,
    ...rest,
    ...(token !== null && { token }),
    ...(secret !== null && { hmac: { secret, ...how, ...(prefix !== null && { prefix }) } }),
  };
}
