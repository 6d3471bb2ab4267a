/** The keys of the section `directory`: the cloud's API that tenants are read from, and how often. */
import type { Section } from '../value/key.ts';

export const keystoneKeys = {
  username: {
    doc: 'User name for Keystone; with password, instead of an application credential.',
    kind: 'text',
    optional: true,
  },
  userDomain: {
    doc: "Name of the user's domain.",
    kind: 'text',
    default: 'Default',
  },
  password: {
    doc: 'Password of the user.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  project: {
    doc: 'Name of the project to scope the token to. If unset, the token is scoped to the system, on which the user needs the role reader.',
    kind: 'text',
    optional: true,
  },
  projectDomain: {
    doc: "Name of the project's domain.",
    kind: 'text',
    default: 'Default',
  },
  credentialId: {
    doc: 'ID of the application credential for Keystone.',
    kind: 'text',
    optional: true,
  },
  credentialSecret: {
    doc: 'Secret of the application credential.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  users: {
    doc: 'Whether to import users in addition to projects, so that they can own webhooks.',
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

export const directoryKeys = {
  kind: {
    doc: 'Cloud whose API the domains, accounts and projects are read from. If unset, they are imported or created by hand.',
    kind: 'word',
    words: ['cloudstack', 'keystone'],
    optional: true,
  },
  url: {
    doc: 'URL of the API: `https://host:8443/client/api` for CloudStack, `https://host:5000/v3` for Keystone.',
    kind: 'httpUrl',
    optional: true,
  },
  apiKey: {
    doc: 'API key of a CloudStack root admin; only read-only commands are used.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  secretKey: {
    doc: 'Secret key of the API key.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  keystone: keystoneKeys,
  refreshMs: {
    doc: 'How often the whole directory is read again, and so the longest time that a moved domain or a deleted account goes unnoticed.',
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
  },
  timeoutMs: {
    doc: 'Time limit of one request to the API.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 600_000,
    default: 30_000,
  },
  pageSize: {
    doc: 'Page size of requests to the API. A smaller `default.page.size` of CloudStack is detected.',
    unit: 'rows',
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: 500,
  },
  lookUpWaitMs: {
    doc: 'How long events of an unknown account wait while it is looked up in the cloud.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 2_000,
  },
  unknownMs: {
    doc: 'How long an account that the cloud does not know is not looked up again.',
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
  },
  keyLogin: {
    doc: 'Whether CloudStack users may log in with their CloudStack key pair. CloudStack is asked whose it is; the keys are not stored.',
    kind: 'flag',
    default: false,
  },
  keyTrustMs: {
    doc: 'How long such a login lasts, and so the longest time that a user or key deleted in CloudStack keeps access.',
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 2_592_000_000,
    default: 28_800_000,
  },
  caFile: {
    doc: "PEM file of certificate authorities, or of the API's own certificate, to trust instead of the system's authorities.",
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;
