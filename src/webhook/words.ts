/** The words of a webhook's enumerations. Words and meaning are CloudStack's, where it has them. */

export const scopes = ['Local', 'Domain', 'Global'] as const;
export type Scope = (typeof scopes)[number];

/**
 * `Enabled`: events are delivered. `Paused`: events are owed and kept, nothing is sent. `Disabled`: nothing is owed, and what
 * waits is cancelled. CloudStack has the first and the last.
 */
export const webhookStates = ['Enabled', 'Paused', 'Disabled'] as const;
export type WebhookState = (typeof webhookStates)[number];

/** `entity`: the events of one entity are delivered one at a time, the oldest first. */
export const orderings = ['none', 'entity'] as const;
export type Ordering = (typeof orderings)[number];

/** The part of an event that a filter compares: a fact of the envelope, the severity, or whatever an expression names. */
export const filterTypes = [
  'EventType',
  'Entity',
  'EntityUuid',
  'Status',
  'Account',
  'Source',
  'Severity',
  'Expression',
] as const;
export type FilterType = (typeof filterTypes)[number];

export const filterModes = ['Include', 'Exclude'] as const;
export const filterMatchTypes = ['Exact', 'Prefix', 'Suffix', 'Contains'] as const;
