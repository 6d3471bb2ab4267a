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
  'cloud config',
  'code for 2fa',
  'connection info',
  'connection string',
  'cookie',
  'credential',
  'encryption key',
  'injected file',
  'key hash',
  'keyring',
  'kube config',
  'login pass',
  'pass code',
  'pass phrase',
  'pass wd',
  'pass wd hash',
  'pass word',
  'pass word hash',
  'private key',
  'pre shared key',
  'provider auth',
  'psk',
  'pwd',
  'root pass',
  'secret',
  'secret hash',
  'secret key',
  'session id',
  'session key',
  'signature',
  'token',
  'token hash',
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
