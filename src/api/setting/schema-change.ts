/** JSON schemas of settings, and of the audit. */
import { settingScopes } from '../../setting/definition.ts';

const instant = { type: 'string', format: 'date-time' } as const;

export const changeSchemas = [
  {
    $id: 'Setting',
    type: 'object',
    required: [
      'name',
      'value',
      'origin',
      'originId',
      'isSetHere',
      'default',
      'description',
      'type',
    ],
    properties: {
      name: { type: 'string', example: 'webhook.delivery.tries' },
      value: { type: 'string', description: 'What holds.' },
      origin: { type: 'string', enum: [...settingScopes, 'configuration'] },
      originId: {
        type: ['string', 'null'],
        description: 'Of the webhook or domain it is set for.',
      },
      isSetHere: { type: 'boolean' },
      default: { type: 'string', description: 'What holds where nothing is set.' },
      description: { type: 'string' },
      type: { type: 'string', enum: ['integer', 'seconds', 'schedule', 'ranges'] },
      minimum: { type: 'number' },
      maximum: { type: 'number' },
      scopes: {
        type: 'array',
        items: { type: 'string', enum: settingScopes },
        description: 'Where it may be set.',
      },
    },
  },
  {
    $id: 'SettingChange',
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value'],
    properties: {
      name: { type: 'string', maxLength: 255 },
      value: { type: ['string', 'number'], maxLength: 1_000 },
      webhookId: { type: 'string', format: 'uuid' },
      domainId: { type: 'string', maxLength: 255 },
    },
  },
  {
    $id: 'Audit',
    type: 'object',
    required: ['id', 'at', 'username', 'action', 'objectId', 'before', 'after', 'address'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      at: instant,
      username: { type: ['string', 'null'], description: 'Null where Hookline itself acted.' },
      action: { type: 'string', example: 'webhook.updated' },
      objectId: { type: 'string' },
      accountId: { type: ['string', 'null'] },
      domainId: { type: ['string', 'null'] },
      before: { type: ['object', 'null'], additionalProperties: true },
      after: { type: ['object', 'null'], additionalProperties: true },
      address: { type: ['string', 'null'] },
    },
  },
];
