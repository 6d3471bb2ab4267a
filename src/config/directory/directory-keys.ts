/** The keys of the directory: which cloud's API tells of its tenants, and how often it is asked. */
import type { Section } from '../value/key.ts';

export const keystoneKeys = {
  username: {
    doc: 'User to ask Keystone as; with password, instead of an application credential.',
    kind: 'text',
    optional: true,
  },
  userDomain: {
    doc: "Name of that user's domain.",
    kind: 'text',
    default: 'Default',
  },
  password: {
    doc: "That user's password.",
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  project: {
    doc: 'Name of the project the token is for. Without it the token is for the whole system, which asks for the role reader there.',
    kind: 'text',
    optional: true,
  },
  projectDomain: {
    doc: "Name of that project's domain.",
    kind: 'text',
    default: 'Default',
  },
  credentialId: {
    doc: 'Id of an application credential to ask Keystone with.',
    kind: 'text',
    optional: true,
  },
  credentialSecret: {
    doc: 'Its secret.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  users: {
    doc: 'Take in users beside projects, so that they can own webhooks.',
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

export const directoryKeys = {
  kind: {
    doc: "Which cloud's API the domains, accounts and projects are read from. Without it they are imported or made by hand.",
    kind: 'word',
    words: ['cloudstack', 'keystone'],
    optional: true,
  },
  url: {
    doc: 'Of that API: `https://host:8443/client/api` of CloudStack, `https://host:5000/v3` of Keystone.',
    kind: 'httpUrl',
    optional: true,
  },
  apiKey: {
    doc: "API key of a CloudStack root admin's user; read-only commands are enough.",
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  secretKey: {
    doc: 'The secret key that goes with it.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  keystone: keystoneKeys,
  refreshMs: {
    doc: 'How often everything is read anew: the longest that a moved domain or a deleted account goes unnoticed.',
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
  },
  timeoutMs: {
    doc: 'How long one request to the API may take.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 600_000,
    default: 30_000,
  },
  pageSize: {
    doc: 'Rows asked for at a time. A smaller `default.page.size` of CloudStack is found out.',
    unit: 'rows',
    kind: 'whole',
    min: 1,
    max: 10_000,
    default: 500,
  },
  lookUpWaitMs: {
    doc: 'How long events of an account that is not known yet wait while the cloud is asked for it.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 2_000,
  },
  unknownMs: {
    doc: 'How long an account the cloud does not know is not asked for again.',
    unit: 'ms',
    kind: 'whole',
    min: 1_000,
    max: 86_400_000,
    default: 300_000,
  },
  keyLogin: {
    doc: 'Let users of CloudStack log in with the key pair they have there. CloudStack is asked whose it is; nothing of it is kept.',
    kind: 'flag',
    default: false,
  },
  keyTrustMs: {
    doc: 'How long such a login lasts: a user or a key that is taken away in CloudStack is out here after that at the latest.',
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 2_592_000_000,
    default: 28_800_000,
  },
  caFile: {
    doc: "PEM file of the authorities the API's certificate is checked against, instead of the system's.",
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;
