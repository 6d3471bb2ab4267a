/** A plan, and what came of it, as people read it and as scripts do. */
import type { Change, Step } from './apply-plan.ts';
import { showFilter } from '../webhook/filter-text.ts';
import { type Row, safe, showField } from '../terminal/show.ts';

/** A step and how it went. */
export interface Done {
  readonly step: Step;
  /** False in a dry run, and where nothing was to be done. */
  readonly done: boolean;
  /** Why it could not be done. */
  readonly error?: string;
}

const signs = { create: '+', change: '~', keep: '=', delete: '-', leave: '?' } as const;

const verbs = {
  create: ['would be created', 'created'],
  change: ['would be changed', 'changed'],
  keep: ['unchanged', 'unchanged'],
  delete: ['would be deleted', 'deleted'],
  leave: ['not in the file', 'not in the file'],
} as const;

/** One webhook: a line, and below it what is said of it. */
export function showDone({ step, done, error }: Done): string {
  const { action, name, accountId } = step;
  const verb =
    error === undefined ? verbs[action][done ? 1 : 0] : `not ${verbs[action][1]}: ${error}`;
  const head = `${signs[action]} ${safe(name)} (${safe(accountId)}) ${verb}`;
  return [head, ...linesOf(step).map(line => `    ${line}`)].join('\n');
}

function linesOf({ action, changes, filters }: Step): string[] {
  const width = Math.max(0, ...changes.map(({ field }) => field.length));
  return [
    ...changes.map(change => `${change.field.padEnd(width)}  ${showChange(change, action)}`),
    ...(filters?.removed ?? []).map(filter => `filter - ${safe(showFilter(filter))}`),
    ...(filters?.added ?? []).map(filter => `filter + ${safe(showFilter(filter))}`),
  ];
}

function showChange({ before, after }: Change, action: Step['action']): string {
  const now = after === undefined ? '(none)' : showValue(after);
  if (action === 'create') return now;
  return `${before === undefined ? '(none)' : showValue(before)} → ${now}`;
}

const showValue = (value: unknown): string =>
  value === '' || (Array.isArray(value) && value.length === 0)
    ? JSON.stringify(value)
    : showField(value);

/** `2 created, 1 changed, …`; in a dry run `to create` and so on. */
export function summarize(all: readonly Done[], dryRun: boolean): string {
  const count = (action: Step['action']): number =>
    all.filter(({ step, error }) => step.action === action && error === undefined).length;
  const failed = all.filter(({ error }) => error !== undefined).length;
  const [create, change, remove] = dryRun
    ? ['to create', 'to change', 'to delete']
    : ['created', 'changed', 'deleted'];
  return [
    `${count('create')} ${create}`,
    `${count('change')} ${change}`,
    `${count('keep')} unchanged`,
    `${count('delete')} ${remove}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(', ');
}

/** For scripts. */
export function toJson({ step, done, error }: Done): Row {
  const { action, name, accountId, id, changes, filters } = step;
  return {
    action,
    done,
    name,
    accountId,
    ...(id !== undefined && { id }),
    changes,
    ...(filters && { filters }),
    ...(error !== undefined && { error }),
  };
}
