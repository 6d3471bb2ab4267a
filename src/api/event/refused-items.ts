/** JSON schema of the items of a message that were put aside while others became events. */
import { Type } from 'typebox';

import { arrayOf, text, whole } from '../../event/schema.ts';

export const refusedItems = arrayOf(
  Type.Object({
    item: whole({ description: 'Index of the item in the message, from 0.' }),
    reason: text({ description: 'What is wrong and what was expected.' }),
  }),
  {
    description:
      'Items that could not be decoded while others were recorded; each is in the quarantine by itself. Empty if there are none.',
  },
);
