/** `hookline audit …` */
import type { CommandDefinition } from '../command/definition.ts';
import { limit } from '../command/option.ts';
import { parseInstant } from '../command/value.ts';
import type { Row } from '../terminal/show.ts';

export const auditCommands: readonly CommandDefinition[] = [
  { words: 'audit', about: 'audit log: who changed what' },
  {
    words: 'audit list',
    about: 'list changes, newest first',
    isDefault: true,
    request: 'GET /v1/audit',
    options: {
      username: '--user <name>  only by this user',
      action: '--action <action>  only this action, such as webhook.updated',
      objectId: '--object <id>  only of this object',
      from: {
        usage:
          '--from <instant>  at or after this instant: 2026-01-31T00:00:00Z, or 24h for 24 hours ago',
        parse: parseInstant,
      },
      to: { usage: '--to <instant>  before this instant', parse: parseInstant },
      limit,
    },
    columns: 'at username action objectId address changed',
    digest: toAuditRow,
  },
];

type AuditEntry = {
  /** Fields of the object before the change; null where it was created. */
  readonly before: Row | null;
  /** Null where it was deleted. */
  readonly after: Row | null;
};

function toAuditRow(entry: AuditEntry): Row {
  const { before, after } = entry;
  if (!before || !after) return { ...entry, changed: '' };
  const changed = Object.keys(after).filter(
    name => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return { ...entry, changed: changed.toSorted().join(', ') };
}
