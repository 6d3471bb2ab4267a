/** Every change of the schema, in the order they are made. */
import { Migration0001Schema } from '../../../migrations/0001-schema.ts';
import { Migration0002Outgoing } from '../../../migrations/0002-outgoing.ts';
import { Migration0003Directory } from '../../../migrations/0003-directory.ts';
import { Migration0004Access } from '../../../migrations/0004-access.ts';
import { Migration0005Rest } from '../../../migrations/0005-rest.ts';
import { Migration0007Intake } from '../../../migrations/0007-intake.ts';
import { Migration0008Format } from '../../../migrations/0008-format.ts';
import { Migration0009Filter } from '../../../migrations/0009-filter.ts';
import { Migration0010Oidc } from '../../../migrations/0010-oidc.ts';
import { Migration0011Lane } from '../../../migrations/0011-lane.ts';

export const migrations = [
  Migration0001Schema,
  Migration0002Outgoing,
  Migration0003Directory,
  Migration0004Access,
  Migration0005Rest,
  Migration0007Intake,
  Migration0008Format,
  Migration0009Filter,
  Migration0010Oidc,
  Migration0011Lane,
];
