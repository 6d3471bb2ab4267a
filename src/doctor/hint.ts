/** What to try, by what went wrong; pure. */
import { ConfigError } from '../event/errors.ts';

/**
 * By the codes of node:net and node:dns, PostgreSQL's SQLSTATE, and what the brokers' libraries say in words.
 *
 * Source: PostgreSQL, Appendix A; RabbitMQ's reply texts; kafkajs's error names.
 */
const hints: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'Nothing listens there: is it up, and are host and port right?'],
  [
    /ENOTFOUND|EAI_AGAIN|EAI_NODATA/,
    'The name is not resolved here: is it right, and does DNS work?',
  ],
  [
    /ETIMEDOUT|timeout|timed out|in time|within \d+ m?s|does not answer|EHOSTUNREACH|ENETUNREACH/i,
    'No answer comes back: is there a firewall in between, or a wrong address?',
  ],
  [
    /28P01|28000|password authentication/,
    'The database refuses user or password, or pg_hba.conf does not let this machine in.',
  ],
  [/3D000/, 'The database is not there: create it, or correct the name in HOOKLINE_DATABASE_URL.'],
  [
    /53300|too many clients/,
    'The database has no connection left: raise max_connections, or lower database.poolMax.',
  ],
  [/42501/, 'The database user lacks a right: let it own the schema.'],
  [
    /ACCESS_REFUSED|Login was refused|403 \(ACCESS/i,
    'User, password or virtual host are wrong, or the user lacks the permission.',
  ],
  [/NOT_ALLOWED|vhost/i, 'The virtual host of the URL is not there, or not open to the user.'],
  [/SASL|authentication failed/i, 'User, password or mechanism (sasl.mechanism) are wrong.'],
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_/i,
    'The certificate is not trusted or for another host: name its authority in tls.caFile, or the right host.',
  ],
  [
    /WRONG_VERSION_NUMBER|wrong version/i,
    'The other side speaks no TLS on this port, or TLS where plain text was expected.',
  ],
  [/EACCES|EPERM/, 'The user who runs Hookline may not do that here.'],
];

/** Undefined where the words say it all. */
export function hintFor(error: unknown): string | undefined {
  if (error instanceof ConfigError) return undefined;
  const said = wordsOf(error);
  return hints.find(([pattern]) => pattern.test(said))?.[1];
}

/** The message and code of an error and of all below it. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const inner = error instanceof AggregateError ? error.errors : [];
  const below = [...inner, ...(error.cause === undefined ? [] : [error.cause])];
  return [error.message, code, ...below.map(wordsOf)].join(' ');
}
