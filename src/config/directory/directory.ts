/** Makes the directory's configuration of its keys: those its kind needs must be there. */
import { resolve } from 'node:path';

import type { RawDirectory, RawKeystone } from './directory-schema.ts';
import type { Report } from '../load/problem.ts';
import { readPem } from '../value/tls.ts';

export type DirectoryConfig = CloudstackDirectoryConfig | KeystoneDirectoryConfig;

interface SharedConfig {
  /** Without a trailing slash. */
  readonly url: string;
  readonly refreshMs: number;
  readonly timeoutMs: number;
  readonly pageSize: number;
  readonly lookUpWaitMs: number;
  readonly unknownMs: number;
  /** PEM text. */
  readonly ca?: string;
}

export interface CloudstackDirectoryConfig extends SharedConfig {
  readonly kind: 'cloudstack';
  readonly apiKey: string;
  readonly secretKey: string;
  /** Absent: the keys of its users do not log in here. */
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
      /** Absent: the whole system. */
      readonly project?: { readonly name: string; readonly domain: string };
    }
  | { readonly kind: 'application'; readonly id: string; readonly secret: string };

/** Undefined when none is configured, or when a problem with it was reported. */
export function buildDirectory(
  raw: RawDirectory,
  cwd: string,
  report: Report,
): DirectoryConfig | undefined {
  if (raw.kind === null) {
    refuseWithoutKind(raw, report);
    return undefined;
  }
  const { kind, url, apiKey, secretKey, keystone, caFile, keyLogin, keyTrustMs, ...rest } = raw;
  const ca =
    caFile === null ? undefined : readPem('directory.caFile', resolve(cwd, caFile), report);
  if (url === null) missing('url', `the URL of ${kind}'s API`, report);
  const shared = {
    ...rest,
    url: (url ?? '').replace(/\/+$/, ''),
    ...(ca !== undefined && { ca }),
  };
  if (kind === 'keystone') {
    if (keyLogin)
      missing('keyLogin', "false, because the keys are CloudStack's and kind is keystone", report);
    const credential = readCredential(keystone, report);
    return url === null || !credential
      ? undefined
      : { kind, ...shared, credential, users: keystone.users };
  }
  if (apiKey === null) missing('apiKey', "a root admin's API key", report);
  if (secretKey === null) missing('secretKey', 'the secret key of that API key', report);
  return url === null || apiKey === null || secretKey === null
    ? undefined
    : {
        kind,
        ...shared,
        apiKey,
        secretKey,
        ...(keyLogin && { keyLogin: { trustMs: keyTrustMs } }),
      };
}

/** Half a configuration would look like a whole one that does nothing. */
function refuseWithoutKind(
  { url, apiKey, secretKey, keystone, keyLogin }: RawDirectory,
  report: Report,
): void {
  const given = [url, apiKey, secretKey, keystone.username, keystone.credentialId];
  if (keyLogin || given.some(value => value !== null)) {
    missing('kind', 'cloudstack or keystone, because other keys of directory are set', report);
  }
}

function readCredential(raw: RawKeystone, report: Report): KeystoneCredentialConfig | undefined {
  const { username, userDomain, password, project, projectDomain, credentialId, credentialSecret } =
    raw;
  if (credentialId !== null && username === null) {
    if (credentialSecret !== null) {
      return { kind: 'application', id: credentialId, secret: credentialSecret };
    }
    missing('keystone.credentialSecret', 'the secret of that application credential', report);
    return undefined;
  }
  if (username !== null && password !== null && credentialId === null) {
    const scope = project === null ? {} : { project: { name: project, domain: projectDomain } };
    return { kind: 'password', username, userDomain, password, ...scope };
  }
  const path = username !== null && password === null ? 'password' : 'username';
  missing(
    `keystone.${path}`,
    'either username and password, or credentialId and credentialSecret',
    report,
  );
  return undefined;
}

function missing(name: string, expected: string, { problems, origin }: Report): void {
  const path = `directory.${name}`;
  problems.push(`${path} (${origin(path)}): expected ${expected}`);
}
