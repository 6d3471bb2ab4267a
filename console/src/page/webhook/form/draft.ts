/** A webhook as a form holds it: every control has a text, a choice or a flag, and what is empty is unset. */
import type { Identity, NewFilter, NewWebhook, Webhook } from '../../../client/api.ts';
import type { components } from '../../../client/openapi.d.ts';

type WebhookChange = components['schemas']['WebhookChange'];
type UnsavedTest = components['schemas']['UnsavedTest'];
type Category = NonNullable<NewWebhook['categories']>[number];

export interface Draft {
  name: string;
  description: string;
  payloadUrl: string;
  scope: Webhook['scope'];
  accountId: string;
  domainId: string;
  format: string;
  template: string;
  body: string;
  msgKey: string;
  secretKey: string;
  sslVerification: boolean;
  caCertificate: string;
  /** One header a line, `Name: value`. */
  headers: string;
  categories: Category[];
  ordering: Webhook['ordering'];
  tries: string;
  timeoutMs: string;
  concurrencyMax: string;
  ratePerSecondMax: string;
  filters: NewFilter[];
}

export function emptyDraft(): Draft {
  return {
    name: '',
    description: '',
    payloadUrl: '',
    scope: 'Local',
    accountId: '',
    domainId: '',
    format: 'cloudstack',
    template: '',
    body: '',
    msgKey: '',
    secretKey: '',
    sslVerification: true,
    caCertificate: '',
    headers: '',
    categories: ['ActionEvent'],
    ordering: 'none',
    tries: '',
    timeoutMs: '',
    concurrencyMax: '',
    ratePerSecondMax: '',
    filters: [],
  };
}

/** Headers read `***`, which leaves their values as they are when they are sent back. */
export function toDraft(webhook: Webhook): Draft {
  const { description, template, body, msgKey, caCertificate, headers } = webhook;
  return {
    ...emptyDraft(),
    name: webhook.name,
    description: description ?? '',
    payloadUrl: webhook.payloadUrl,
    scope: webhook.scope,
    accountId: webhook.accountId,
    domainId: webhook.domainId,
    format: webhook.format,
    template: template ?? '',
    body: body === null ? '' : JSON.stringify(body, undefined, 2),
    msgKey: msgKey ?? '',
    sslVerification: webhook.sslVerification,
    caCertificate: caCertificate ?? '',
    headers: Object.entries(headers ?? {})
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    categories: [...webhook.categories],
    ordering: webhook.ordering,
    tries: textOf(webhook.tries),
    timeoutMs: textOf(webhook.timeoutMs),
    concurrencyMax: textOf(webhook.concurrencyMax),
    ratePerSecondMax: textOf(webhook.ratePerSecondMax),
  };
}

/** The scopes that the API lets the role use. */
export function scopesOf(role: Identity['role']): readonly Webhook['scope'][] {
  switch (role) {
    case 'Admin':
      return ['Local', 'Domain', 'Global'];
    case 'DomainAdmin':
      return ['Local', 'Domain'];
    case 'User':
      return ['Local'];
  }
}

/** @throws {DraftError} */
export function toNewWebhook(draft: Draft): NewWebhook {
  return {
    ...shared(draft),
    ...(draft.accountId !== '' && { accountId: draft.accountId }),
    ...(draft.secretKey !== '' && { secretKey: draft.secretKey }),
    filters: draft.filters,
  };
}

/** @throws {DraftError} */
export function toChange(draft: Draft): WebhookChange {
  return shared(draft);
}

/** @throws {DraftError} */
export function toTest(draft: Draft): UnsavedTest {
  const { payloadUrl, sslVerification, caCertificate, headers, format, body, msgKey, template } =
    shared(draft);
  return {
    payloadUrl,
    sslVerification,
    caCertificate,
    headers,
    format,
    body,
    msgKey,
    template,
    secretKey: draft.secretKey === '' ? null : draft.secretKey,
    ...(draft.accountId !== '' && { accountId: draft.accountId }),
  };
}

/** What a person has typed that cannot be sent as it is. */
export class DraftError extends Error {
  override readonly name = 'DraftError';
  readonly field: keyof Draft;

  constructor(field: keyof Draft) {
    super(field);
    this.field = field;
  }
}

function shared(draft: Draft) {
  const isTls = !/^http:/i.test(draft.payloadUrl) && draft.payloadUrl.includes('://');
  return {
    name: draft.name,
    description: orNull(draft.description),
    payloadUrl: draft.payloadUrl,
    scope: draft.scope,
    ...(draft.scope === 'Domain' && draft.domainId !== '' && { domainId: draft.domainId }),
    format: draft.format,
    template: orNull(draft.template),
    body: readBody(draft.body),
    msgKey: orNull(draft.msgKey),
    sslVerification: isTls && draft.sslVerification,
    caCertificate: orNull(draft.caCertificate),
    headers: readHeaders(draft.headers),
    categories: draft.categories,
    ordering: draft.ordering,
    tries: readNumber(draft, 'tries'),
    timeoutMs: readNumber(draft, 'timeoutMs'),
    concurrencyMax: readNumber(draft, 'concurrencyMax'),
    ratePerSecondMax: readNumber(draft, 'ratePerSecondMax'),
  };
}

const textOf = (value: number | null): string => (value === null ? '' : String(value));
const orNull = (value: string): string | null => (value === '' ? null : value);

type NumberField = 'tries' | 'timeoutMs' | 'concurrencyMax' | 'ratePerSecondMax';

function readNumber(draft: Draft, field: NumberField): number | null {
  const value = draft[field].trim();
  if (value === '') return null;
  if (!/^\d+$/.test(value)) throw new DraftError(field);
  return Number(value);
}

function readBody(value: string): Record<string, unknown> | null {
  if (value.trim() === '') return null;
  try {
    const body: unknown = JSON.parse(value);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return Object.fromEntries(Object.entries(body));
    }
  } catch {
    // Told as any other text that is no object.
  }
  throw new DraftError('body');
}

function readHeaders(value: string): Record<string, string> | null {
  const lines = value.split('\n').filter(line => line.trim() !== '');
  if (lines.length === 0) return null;
  return Object.fromEntries(
    lines.map(line => {
      const [, name, rest] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || rest === undefined) throw new DraftError('headers');
      return [name, rest];
    }),
  );
}
