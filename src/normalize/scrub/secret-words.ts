/**
 * Names of secrets, as patterns. Between two words of a name may stand `-`, `_`, `.`, a blank or nothing: `secret_key`,
 * `secretKey`, `SECRET KEY`.
 */
export const secretWords: readonly string[] = [
  '2fa code',
  'access key',
  'account key',
  'admin pass',
  'api key',
  'auth key',
  'auth pass',
  'authorization',
  'backup code',
  'become pass',
  'bind pass',
  'bind pw',
  'cloud config',
  'code for 2fa',
  'configdrive',
  'connection info',
  'connection string',
  'container sync key',
  'cookie',
  'cred',
  'credential',
  'db pass',
  'encryption key',
  'injected file',
  'ipmi pass',
  'jwt',
  'key hash',
  'keyring',
  'kg key',
  'kube config',
  'login pass',
  'mfa code',
  'mnemonic',
  'one time code',
  'otp',
  'otp code',
  'otp seed',
  'pass code',
  'pass phrase',
  'pass wd',
  'pass wd hash',
  'pass word',
  'pass word hash',
  'pass word value',
  'pre shared key',
  'priv key',
  'private key',
  'provider auth',
  'psk',
  'pwd',
  'recovery code',
  'root pass',
  'root pw',
  'scratch code',
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
  'shared key',
  'sig',
  'signature',
  'signing key',
  'ssl key',
  'smtp pass',
  'snmp community',
  'snmp community read',
  'snmp community write',
  'ssh pass',
  'temp url key',
  'tls key',
  'token',
  'token hash',
  'token info',
  'token value',
  'two factor code',
  'user data',
  'user pass',
  'verification code',
  'vnc ticket',
].map(wordOf);

/**
 * Keys that are a secret's name when they are nothing else: words of other things end like them (`bypass`, `cpuPin`, `inside`), and
 * in a text they may be prose (`see ticket: 7`).
 */
export const secretKeys: ReadonlySet<string> = new Set(['pass', 'pin', 'sid', 'ticket']);

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
