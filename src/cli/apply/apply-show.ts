/** Shows a plan and its results to people and to scripts. */
import { type Row, safe, showField } from '../terminal/show.ts';
import { showFilter } from '../webhook/filter-text.ts';
import type { FieldChange, Step } from './apply-plan.ts';

export interface StepResult {
  readonly step: Step;
  /** False in a dry run, and where nothing had to be done. */
  readonly done: boolean;
  /** Reason why the step failed. */
  readonly error?: string;
}

const signs = { create: '+', change: '~', keep: '=', delete: '-', leave: '?' } as const;

const verbs = {
  create: ['would be created', 'created'],
  change: ['would be updated', 'updated'],
  keep: ['unchanged', 'unchanged'],
  delete: ['would be deleted', 'deleted'],
  leave: ['not in the file', 'not in the file'],
} as const;

/** Shows a webhook in a line, and below it its fields. */
export function showResult({ step, done, error }: StepResult): string {
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

function showChange({ before, after }: FieldChange, action: Step['action']): string {
  const now = after === undefined ? '(none)' : showValue(after);
  if (action === 'create') return now;
  return `${before === undefined ? '(none)' : showValue(before)} → ${now}`;
}

const showValue = (value: unknown): string =>
  value === '' || (Array.isArray(value) && value.length === 0)
    ? JSON.stringify(value)
    : showField(value);

/** `2 created, 1 updated, …`; in a dry run `2 to create, …`. */
export function summarize(all: readonly StepResult[], dryRun: boolean): string {
  const count = (action: Step['action']): number =>
    all.filter(({ step, error }) => step.action === action && error === undefined).length;
  const failed = all.filter(({ error }) => error !== undefined).length;
  const [created, updated, deleted] = dryRun
    ? ['to create', 'to update', 'to delete']
    : ['created', 'updated', 'deleted'];
  return [
    `${count('create')} ${created}`,
    `${count('change')} ${updated}`,
    `${count('keep')} unchanged`,
    `${count('delete')} ${deleted}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(', ');
}

/** Turns a result into what scripts get. */
export function toJson({ step, done, error }: StepResult): Row {
  const { action, name, accountId, id, changes, filters } = step;
  return { action, done, name, accountId, id, changes, filters, error };
}
