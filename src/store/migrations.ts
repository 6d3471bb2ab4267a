/** Every change of the schema, in the order they are made. */
import { Migration0001Schema } from '../../migrations/0001-schema.ts';
import { Migration0002Outgoing } from '../../migrations/0002-outgoing.ts';
import { Migration0003Directory } from '../../migrations/0003-directory.ts';
import { Migration0004Access } from '../../migrations/0004-access.ts';
import { Migration0005Rest } from '../../migrations/0005-rest.ts';

export const migrations = [
  Migration0001Schema,
  Migration0002Outgoing,
  Migration0003Directory,
  Migration0004Access,
  Migration0005Rest,
];
