/**
 * Parameters that several commands have.
 *
 * Source: apache/cloudstack, BaseListCmd, BaseListDomainResourcesCmd, CreateWebhookCmd, UpdateWebhookCmd.
 */
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

/** What both making and changing take. @param required what only making needs. */
export const webhookParameters = (required?: true): readonly ParameterDefinition[] => [
  {
    name: 'name',
    kind: 'string',
    description: 'Name for the Webhook',
    ...(required && { required }),
  },
  {
    name: 'description',
    kind: 'string',
    lengthMax: 4_096,
    description: 'Description for the Webhook',
  },
  { name: 'state', kind: 'string', description: 'State of the Webhook: Enabled or Disabled' },
  {
    name: 'payloadurl',
    kind: 'string',
    field: 'payloadUrl',
    lengthMax: 2_047,
    description: 'Payload URL of the Webhook',
    ...(required && { required }),
  },
  {
    name: 'secretkey',
    kind: 'string',
    field: 'secretKey',
    lengthMax: 1_024,
    description: 'Secret key of the Webhook; it signs deliveries and is never shown',
  },
  {
    name: 'sslverification',
    kind: 'boolean',
    description: 'Whether the certificate is verified; for HTTPS it is, unless this is false',
  },
  {
    name: 'scope',
    kind: 'string',
    roles: admins,
    description: 'Scope of the Webhook: Local, Domain or Global',
  },
];

export const idOf = (of: 'webhook' | 'webhookdelivery' | 'webhookfilter', what: string) =>
  ({ name: 'id', kind: 'uuid', of, description: `The ID of the ${what}` }) as const;
export const webhookid = {
  name: 'webhookid',
  kind: 'uuid',
  of: 'webhook',
  description: 'The ID of the Webhook',
} as const;
