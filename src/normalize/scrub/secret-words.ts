/**
 * Names of secrets, as patterns. Between two words of a name may stand `-`, `_`, `.`, a blank or nothing: `secret_key`,
 * `secretKey`, `SECRET KEY`.
 */
export const secretWords: readonly string[] = [
  'access key',
  'admin pass',
  'api key',
  'auth key',
  'authorization',
  'backup code',
  'cloud config',
  'code for 2fa',
  'configdrive',
  'connection info',
  'connection string',
  'cookie',
  'cred',
  'credential',
  'encryption key',
  'injected file',
  'key hash',
  'keyring',
  'kg key',
  'kube config',
  'login pass',
  'otp',
  'otp seed',
  'pass code',
  'pass phrase',
  'pass wd',
  'pass wd hash',
  'pass word',
  'pass word hash',
  'pass word value',
  'priv key',
  'private key',
  'pre shared key',
  'provider auth',
  'psk',
  'pwd',
  'recovery code',
  'root pass',
  'secret',
  'secret code',
  'secret data',
  'secret hash',
  'secret key',
  'secret prop',
  'secret property',
  'secret value',
  'session id',
  'session key',
  'sig',
  'signature',
  'snmp community',
  'temp url key',
  'token',
  'token hash',
  'token info',
  'token value',
  'user data',
].map(wordOf);

/**
 * Builds the pattern of a name as an operator writes it; no character in it has a special meaning.
 *
 * @example wordOf('ssh_key') // 'ssh[-_. ]?key'
 */
export function wordOf(name: string): string {
  return name
    .split(/[-_. ]+/)
    .map(word => word.replaceAll(/[^\p{L}\p{N}]/gu, String.raw`\$&`))
    .filter(word => word !== '')
    .join('[-_. ]?');
}
