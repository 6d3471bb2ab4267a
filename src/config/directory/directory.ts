/** Builds the directory's configuration from its keys, and refuses it where one that its kind needs is missing. */
import { readPem } from '../file/pem.ts';
import { refuse } from '../load/problem.ts';
import type { Report } from '../load/problem.ts';
import type { ValueOf } from '../value/key.ts';
import type { directoryKeys, keystoneKeys } from './directory-keys.ts';

type DirectoryValues = ValueOf<typeof directoryKeys>;
type KeystoneValues = ValueOf<typeof keystoneKeys>;

export type DirectoryConfig = CloudstackDirectoryConfig | KeystoneDirectoryConfig;

interface SharedConfig extends Omit<
  DirectoryValues,
  'kind' | 'url' | 'apiKey' | 'secretKey' | 'keystone' | 'caFile' | 'keyLogin' | 'keyTrustMs'
> {
  /** Base URL of the cloud's API, without a trailing slash. */
  readonly url: string;
  /** PEM text of the authorities to trust; absent: the system's. */
  readonly ca?: string;
}

export interface CloudstackDirectoryConfig extends SharedConfig {
  readonly kind: 'cloudstack';
  readonly apiKey: string;
  readonly secretKey: string;
  /** Login with CloudStack's key pairs; absent: it is switched off. */
  readonly keyLogin?: { readonly trustMs: number };
}

export interface KeystoneDirectoryConfig extends SharedConfig {
  readonly kind: 'keystone';
  readonly credential: KeystoneCredentialConfig;
  readonly users: boolean;
}

export type KeystoneCredentialConfig =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly userDomain: string;
      readonly password: string;
      /** Scope of the token; absent: the whole system. */
      readonly project?: { readonly name: string; readonly domain: string };
    }
  | { readonly kind: 'application'; readonly id: string; readonly secret: string };

/** @returns undefined when no directory is configured, or when a problem with it was reported. */
export function buildDirectory(
  values: DirectoryValues,
  cwd: string,
  report: Report,
): DirectoryConfig | undefined {
  const { kind, url, apiKey, secretKey, keystone, caFile, keyLogin, keyTrustMs, ...rest } = values;
  if (kind === undefined) {
    refuseWithoutKind(values, report);
    return undefined;
  }
  const ca = readPem(caFile, 'directory.caFile', cwd, report);
  if (url === undefined) missing('url', `the URL of ${kind}'s API`, report);
  const shared = { ...rest, url: (url ?? '').replace(/\/+$/, ''), ca };
  if (kind === 'keystone') {
    if (keyLogin)
      missing('keyLogin', "false, because the keys are CloudStack's and kind is keystone", report);
    const credential = readCredential(keystone, report);
    return url === undefined || !credential
      ? undefined
      : { kind, ...shared, credential, users: keystone.users };
  }
  if (apiKey === undefined) missing('apiKey', "a root admin's API key", report);
  if (secretKey === undefined) missing('secretKey', 'the secret key of that API key', report);
  return url === undefined || apiKey === undefined || secretKey === undefined
    ? undefined
    : {
        kind,
        ...shared,
        apiKey,
        secretKey,
        keyLogin: keyLogin ? { trustMs: keyTrustMs } : undefined,
      };
}

/** Refuses keys without a kind: they would do nothing, and nobody would be told. */
function refuseWithoutKind(
  { url, apiKey, secretKey, keystone, keyLogin }: DirectoryValues,
  report: Report,
): void {
  const given = [url, apiKey, secretKey, keystone.username, keystone.credentialId];
  if (keyLogin || given.some(value => value !== undefined)) {
    missing('kind', 'cloudstack or keystone, because other keys of directory are set', report);
  }
}

function readCredential(
  values: KeystoneValues,
  report: Report,
): KeystoneCredentialConfig | undefined {
  const { username, userDomain, password, credentialId, credentialSecret } = values;
  if (credentialId !== undefined && username === undefined) {
    if (credentialSecret !== undefined) {
      return { kind: 'application', id: credentialId, secret: credentialSecret };
    }
    missing('keystone.credentialSecret', 'the secret of that application credential', report);
    return undefined;
  }
  if (username !== undefined && password !== undefined && credentialId === undefined) {
    const { project: name, projectDomain: domain } = values;
    const project = name === undefined ? undefined : { name, domain };
    return { kind: 'password', username, userDomain, password, project };
  }
  const key = username !== undefined && password === undefined ? 'password' : 'username';
  missing(
    `keystone.${key}`,
    'either username and password, or credentialId and credentialSecret',
    report,
  );
  return undefined;
}

function missing(name: string, expected: string, report: Report): void {
  refuse(report, `directory.${name}`, `expected ${expected}`);
}
