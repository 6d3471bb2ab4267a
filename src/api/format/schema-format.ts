/** JSON schemas of formats, and of previews of the requests they make. */
import { Type } from 'typebox';

import { arrayOf, flag, uuid, mapOf, nullable, text, whole } from '../../event/schema.ts';
import { schemasOf } from '../../webhook/values.ts';
import { closed, defaulted } from '../http/schema.ts';

export const shownFormat = Type.Object(
  {
    name: text({ example: 'cloudstack' }),
    description: text(),
    batch: flag({ description: 'Whether a request can carry several events.' }),
    options: arrayOf(
      Type.Object({
        name: text({ example: 'secretKey' }),
        description: text(),
        required: flag(),
      }),
      { description: 'The fields of a webhook that the format reads.' },
    ),
  },
  { $id: 'Format', description: 'A format of requests.' },
);

export const previewRequest = closed(
  {
    webhookId: Type.Optional(
      uuid({ description: 'Webhook that supplies the fields not named here.' }),
    ),
    ...Type.Partial(Type.Object(schemasOf(['format', 'body', 'msgKey', 'template']))).properties,
    limit: defaulted(
      whole({ minimum: 1, maximum: 20, description: 'Maximum number of events.' }),
      5,
    ),
    eventType: Type.Optional(text({ maxLength: 255, description: 'Only events of this type.' })),
  },
  { $id: 'PreviewRequest', description: 'A format, and the events to show in it.' },
);

export const formatPreview = Type.Object(
  {
    items: arrayOf(
      Type.Object({
        eventId: uuid(),
        eventType: text(),
        headers: nullable(
          mapOf(text(), { description: 'Headers without signatures; secrets read `***`.' }),
        ),
        body: nullable(text()),
        error: nullable(text({ description: 'Why the event cannot be rendered in the format.' })),
        skipped: nullable(
          text({
            description: 'Why the format skips the event, which would not be sent.',
          }),
        ),
      }),
    ),
  },
  { $id: 'Preview', description: 'Events in the format.' },
);
