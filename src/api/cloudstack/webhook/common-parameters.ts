/**
 * Parameters that several commands have.
 *
 * Source: apache/cloudstack, BaseListCmd, BaseListDomainResourcesCmd, CreateWebhookCmd, UpdateWebhookCmd.
 */
import { facetsOf } from '../../../webhook/field.ts';
import { webhookFields } from '../../../webhook/fields.ts';
import { requiredFields } from '../../../webhook/values.ts';
import type { WebhookField } from '../../../webhook/values.ts';
import type { FieldDefinition, ParameterDefinition } from '../request/definition.ts';

export const admins = ['Admin', 'DomainAdmin'] as const;

export const success: readonly FieldDefinition[] = [
  { name: 'success', type: 'boolean', description: 'true if operation is executed successfully' },
];

export const paging: readonly ParameterDefinition[] = [
  { name: 'page', kind: 'integer', description: 'Number of the page, from 1; with pagesize' },
  { name: 'pagesize', kind: 'integer', description: 'Rows of a page, 500 at most; with page' },
];
export const keyword: ParameterDefinition = {
  name: 'keyword',
  kind: 'string',
  description: 'List by keyword',
};

export const domainid: ParameterDefinition = {
  name: 'domainid',
  kind: 'cloudId',
  description: 'list only resources belonging to the domain specified',
};
export const account: ParameterDefinition = {
  name: 'account',
  kind: 'string',
  field: 'accountName',
  description: 'list resources by account. Must be used with the domainId parameter.',
};
export const projectid: ParameterDefinition = {
  name: 'projectid',
  kind: 'cloudId',
  description: 'list objects by project; if projectid=-1 lists all of them',
};

/** CloudStack's words for the fields of a webhook that it has. */
const descriptions = {
  name: 'Name for the Webhook',
  description: 'Description for the Webhook',
  state: 'State of the Webhook: Enabled or Disabled',
  payloadUrl: 'Payload URL of the Webhook',
  sslVerification: 'Whether the certificate is verified; for HTTPS it is, unless this is false',
  scope: 'Scope of the Webhook: Local, Domain or Global',
} as const satisfies Partial<Record<WebhookField, string>>;

function parameterOf(field: keyof typeof descriptions): ParameterDefinition {
  const [name, description] = [field.toLowerCase(), descriptions[field]];
  const { type, maxLength } = facetsOf(webhookFields[field]);
  if (type === 'boolean') return { name, kind: 'boolean', description };
  return { name, kind: 'string', field, lengthMax: maxLength, description };
}

const secretkey: ParameterDefinition = {
  name: 'secretkey',
  kind: 'string',
  field: 'secretKey',
  lengthMax: 1_024,
  description: 'Secret key of the Webhook; it signs deliveries and is never shown',
};

export const updateParameters: readonly ParameterDefinition[] = [
  parameterOf('name'),
  parameterOf('description'),
  parameterOf('state'),
  parameterOf('payloadUrl'),
  secretkey,
  parameterOf('sslVerification'),
  { ...parameterOf('scope'), roles: admins },
];

const required: readonly (string | undefined)[] = requiredFields;
export const createParameters: readonly ParameterDefinition[] = updateParameters.map(parameter =>
  required.includes(parameter.field) ? { ...parameter, required: true } : parameter,
);

export const idOf = (of: 'webhook' | 'webhookdelivery' | 'webhookfilter', what: string) =>
  ({ name: 'id', kind: 'uuid', of, description: `The ID of the ${what}` }) as const;
export const webhookid = {
  name: 'webhookid',
  kind: 'uuid',
  of: 'webhook',
  description: 'The ID of the Webhook',
} as const;
