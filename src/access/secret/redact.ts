/** Removes secrets from what others can read: the audit and the log; pure. */

/** Names of secret values; the values of `headers` count as secret too. */
const secretName = /secret|password|token|authorization|credential|sealed/i;
const hidden = '[hidden]';

/** A copy of the object with every secret text replaced, so that one can see that there was a secret. */
export function withoutSecrets(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      name === 'headers' ? hideTexts(inner) : clean(inner, secretName.test(name)),
    ]),
  );
}

function clean(value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? hidden : value;
  if (Array.isArray(value)) return value.map(item => clean(item, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  return isSecret ? hideTexts(value) : withoutSecrets(value);
}

function hideTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideTexts);
  if (typeof value !== 'object' || value === null) return clean(value, true);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [name, hideTexts(inner)]),
  );
}

/** Names of values that must not be logged. */
const loggedSecrets = [
  'password',
  'passwordHash',
  'secret',
  'secretKey',
  'secretKeys',
  'clientSecret',
  'token',
  'tokenHash',
  'access_token',
  'id_token',
  'refresh_token',
  'idToken',
  'logoutHint',
  'csrfToken',
  'sealed',
  'authorization',
  'Authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'x-csrf-token',
];

/** Objects that may contain such a value: errors and what libraries attach to them, requests, configurations. */
const carriers = [
  [],
  ['headers'],
  ['config'],
  ['options'],
  ['body'],
  ['err'],
  ['err', 'headers'],
  ['err', 'config'],
  ['err', 'options'],
  ['err', 'body'],
  ['err', 'cause'],
];

/**
 * Options of pino's `redact`, a safety net: secrets should not be logged in the first place. The paths have no wildcards,
 * because a single one slows every line down by a hundred microseconds.
 */
export const logRedaction = {
  paths: carriers.flatMap(carrier =>
    loggedSecrets.map(name => [...carrier, name].map(key => `["${key}"]`).join('')),
  ),
  censor: hidden,
};
