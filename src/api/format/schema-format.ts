/** JSON schemas of formats, and of previews of what they make. */
import { fields } from '../webhook/schema-webhook.ts';

const text = { type: 'string' } as const;
const maybeText = { type: ['string', 'null'] } as const;
const { format, body, msgKey, template } = fields;

export const formatSchemas = [
  {
    $id: 'Format',
    type: 'object',
    required: ['name', 'description', 'options', 'batch'],
    properties: {
      name: { ...text, example: 'cloudstack' },
      description: text,
      batch: { type: 'boolean', description: 'Whether several events may be one request.' },
      options: {
        type: 'array',
        description: 'The fields of a webhook that the format reads.',
        items: {
          type: 'object',
          required: ['name', 'description', 'required'],
          properties: {
            name: { ...text, example: 'secretKey' },
            description: text,
            required: { type: 'boolean' },
          },
        },
      },
    },
  },
  {
    $id: 'PreviewRequest',
    type: 'object',
    additionalProperties: false,
    properties: {
      webhookId: {
        type: 'string',
        format: 'uuid',
        description: 'What is not named here is taken from this webhook.',
      },
      format,
      body,
      msgKey,
      template,
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 20,
        default: 5,
        description: 'Events at most.',
      },
      eventType: { ...text, maxLength: 255, description: 'Only events of this type.' },
    },
  },
  {
    $id: 'Preview',
    type: 'object',
    required: ['items'],
    properties: {
      items: {
        type: 'array',
        items: {
          type: 'object',
          required: ['eventId', 'eventType', 'headers', 'body', 'error', 'skipped'],
          properties: {
            eventId: { type: 'string', format: 'uuid' },
            eventType: text,
            headers: {
              type: ['object', 'null'],
              additionalProperties: text,
              description: 'Without the signatures; secrets read `***`.',
            },
            body: maybeText,
            error: { ...maybeText, description: 'Why the event cannot be said so.' },
            skipped: {
              ...maybeText,
              description: 'Why the format has nothing to say of the event: it would not be sent.',
            },
          },
        },
      },
    },
  },
];
