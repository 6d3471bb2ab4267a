/** The keys of the directory: which cloud's API tells of its tenants, and how often it is asked. */
import type { Keys } from '../value/value-kind.ts';

export const directoryKinds = ['cloudstack', 'keystone'] as const;
export type DirectoryKind = (typeof directoryKinds)[number];

export interface RawDirectory {
  kind: DirectoryKind | null;
  url: string | null;
  apiKey: string | null;
  secretKey: string | null;
  keystone: RawKeystone;
  refreshMs: number;
  timeoutMs: number;
  pageSize: number;
  lookUpWaitMs: number;
  unknownMs: number;
  caFile: string | null;
  keyLogin: boolean;
  keyTrustMs: number;
}

export interface RawKeystone {
  username: string | null;
  userDomain: string;
  password: string | null;
  project: string | null;
  projectDomain: string;
  credentialId: string | null;
  credentialSecret: string | null;
  users: boolean;
}

const keystone: Keys<RawKeystone> = {
  username: {
    doc: 'User to ask Keystone as; with password, instead of an application credential.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_USERNAME',
  },
  userDomain: {
    doc: "Name of that user's domain.",
    format: 'text',
    default: 'Default',
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_USER_DOMAIN',
  },
  password: {
    doc: "That user's password.",
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_PASSWORD',
  },
  project: {
    doc: 'Name of the project the token is for. Without it the token is for the whole system, which asks for the role reader there.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_PROJECT',
  },
  projectDomain: {
    doc: "Name of that project's domain.",
    format: 'text',
    default: 'Default',
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_PROJECT_DOMAIN',
  },
  credentialId: {
    doc: 'Id of an application credential to ask Keystone with.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_CREDENTIAL_ID',
  },
  credentialSecret: {
    doc: 'Its secret.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_CREDENTIAL_SECRET',
  },
  users: {
    doc: 'Take in users beside projects, so that they can own webhooks.',
    format: 'flag',
    default: true,
    env: 'HOOKLINE_DIRECTORY_KEYSTONE_USERS',
  },
};

export const directoryKeys: Keys<RawDirectory> = {
  kind: {
    doc: "Which cloud's API the domains, accounts and projects are read from. Without it they are imported or made by hand.",
    format: 'word',
    words: directoryKinds,
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_KIND',
  },
  url: {
    doc: 'Of that API: `https://host:8443/client/api` of CloudStack, `https://host:5000/v3` of Keystone.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_URL',
  },
  apiKey: {
    doc: "API key of a CloudStack root admin's user; read-only commands are enough.",
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_DIRECTORY_API_KEY',
  },
  secretKey: {
    doc: 'The secret key that goes with it.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_DIRECTORY_SECRET_KEY',
  },
  keystone,
  refreshMs: {
    doc: 'How often everything is read anew: the longest that a moved domain or a deleted account goes unnoticed.',
    unit: 'ms',
    format: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
    env: 'HOOKLINE_DIRECTORY_REFRESH_MS',
  },
  timeoutMs: {
    doc: 'How long one request to the API may take.',
    unit: 'ms',
    format: 'whole',
    min: 100,
    max: 600_000,
    default: 30_000,
    env: 'HOOKLINE_DIRECTORY_TIMEOUT_MS',
  },
  pageSize: {
    doc: 'Rows asked for at a time. A smaller `default.page.size` of CloudStack is found out.',
    unit: 'rows',
    format: 'whole',
    min: 1,
    max: 10_000,
    default: 500,
    env: 'HOOKLINE_DIRECTORY_PAGE_SIZE',
  },
  lookUpWaitMs: {
    doc: 'How long events of an account that is not known yet wait while the cloud is asked for it.',
    unit: 'ms',
    format: 'whole',
    min: 100,
    max: 60_000,
    default: 2_000,
    env: 'HOOKLINE_DIRECTORY_LOOK_UP_WAIT_MS',
  },
  unknownMs: {
    doc: 'How long an account the cloud does not know is not asked for again.',
    unit: 'ms',
    format: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
    env: 'HOOKLINE_DIRECTORY_UNKNOWN_MS',
  },
  keyLogin: {
    doc: 'Let users of CloudStack log in with the key pair they have there. CloudStack is asked whose it is; nothing of it is kept.',
    format: 'flag',
    default: false,
    env: 'HOOKLINE_DIRECTORY_KEY_LOGIN',
  },
  keyTrustMs: {
    doc: 'How long such a login lasts: a user or a key that is taken away in CloudStack is out here after that at the latest.',
    unit: 'ms',
    format: 'whole',
    min: 60_000,
    max: 2_592_000_000,
    default: 28_800_000,
    env: 'HOOKLINE_DIRECTORY_KEY_TRUST_MS',
  },
  caFile: {
    doc: "PEM file of the authorities the API's certificate is checked against, instead of the system's.",
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_DIRECTORY_CA_FILE',
  },
};
