/** Hints for the operator by what went wrong; pure. */
import { ConfigError } from '../event/errors.ts';

/**
 * Hints by the codes of node:net and node:dns, by PostgreSQL's SQLSTATE, and by the messages of the brokers' libraries.
 *
 * Source: PostgreSQL, Appendix A; RabbitMQ's reply texts; kafkajs's error names.
 */
const hints: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'Nothing listens there: is it up, and are host and port right?'],
  [
    /ENOTFOUND|EAI_AGAIN|EAI_NODATA/,
    'The name cannot be resolved: is it right, and does DNS work here?',
  ],
  [
    /ETIMEDOUT|timeout|timed out|in time|within \d+ m?s|does not answer|EHOSTUNREACH|ENETUNREACH/i,
    'There is no answer: is a firewall in between, or is the address wrong?',
  ],
  [
    /28P01|28000|password authentication/,
    'The database rejects the user or password, or pg_hba.conf does not admit this machine.',
  ],
  [
    /3D000/,
    'The database does not exist: create it, or correct the name in HOOKLINE_DATABASE_URL.',
  ],
  [
    /53300|too many clients/,
    'The database has no free connection: raise max_connections, or lower database.poolMax and database.apiPoolMax.',
  ],
  [/42501/, 'The database user lacks a privilege: make it the owner of the schema.'],
  [
    /ACCESS_REFUSED|Login was refused|403 \(ACCESS/i,
    'User, password or virtual host is wrong, or the user lacks a permission.',
  ],
  [
    /NOT_ALLOWED|vhost|refuses the virtual host/i,
    'Correct the virtual host at the end of the URL (/ is written %2F or left out), create it, or grant the user permissions in it: `rabbitmqctl set_permissions -p <vhost> <user> …`.',
  ],
  [/SASL|authentication failed/i, 'User, password or mechanism (sasl.mechanism) is wrong.'],
  [
    /certificate|CERT_|SELF_SIGNED|UNABLE_TO_/i,
    'The certificate is not trusted, or belongs to another host: set tls.caFile to its authority, or correct the host.',
  ],
  [
    /WRONG_VERSION_NUMBER|wrong version/i,
    'The other side does not speak TLS on this port, or speaks TLS where plain text was expected.',
  ],
  [/EACCES|EPERM/, 'The user that runs Hookline lacks the permission for this.'],
];

/** The hint for an error; undefined when its message says enough. */
export function hintFor(error: unknown): string | undefined {
  if (error instanceof ConfigError) return undefined;
  const said = wordsOf(error);
  return hints.find(([pattern]) => pattern.test(said))?.[1];
}

/** Messages and codes of an error and of all its causes, as one text. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const inner = error instanceof AggregateError ? error.errors : [];
  const below = [...inner, ...(error.cause === undefined ? [] : [error.cause])];
  return [error.message, code, ...below.map(wordsOf)].join(' ');
}
