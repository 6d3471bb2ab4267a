/** Rules of a webhook's filters beyond the shape of their fields. */
import { severities } from '../../event/severity.ts';
import type { WebhookFilter } from '../webhook.ts';
import { compileExpression } from '../../expression/expression.ts';
import { findConflict } from './filter-conflict.ts';
import { WebhookError } from '../webhook-error.ts';

const valueCharsMax = 255;
export const filtersMax = 100;
/** Maximum number of a webhook's expressions: the intake evaluates them for every event of its scope. */
const expressionsMax = 10;
/** Maximum number of expressions in all webhooks of an account. */
const accountExpressionsMax = 100;

/** A filter to be added to a webhook. */
export interface AddedFilter {
  readonly filter: WebhookFilter;
  /** JSON pointer to it in the request's body: `''`, or `/filters/0`. */
  readonly path: string;
}

/** The filters of a list in a request's body. */
export const numbered = (filters: readonly WebhookFilter[]): readonly AddedFilter[] =>
  filters.map((filter, at) => ({ filter, path: `/filters/${at}` }));

/**
 * @param existing the webhook's filters.
 * @returns the number of expressions added; `requireExpressions` limits them by account.
 * @throws {WebhookError} filter_invalid, filter_conflict
 */
export function requireFilters(
  existing: readonly WebhookFilter[],
  added: readonly AddedFilter[],
): number {
  const all = [...existing];
  for (const { filter, path } of added) {
    requireFilter(all, filter, path);
    all.push(filter);
  }
  return countExpressions(all) - countExpressions(existing);
}

/**
 * @param count expressions that the account's webhooks would have together.
 * @throws {WebhookError} filter_invalid
 */
export function requireExpressions(count: number): void {
  if (count <= accountExpressionsMax) return;
  throw new WebhookError(
    'filter_invalid',
    `The webhooks of an account have at most ${accountExpressionsMax} expressions together.`,
  );
}

function requireFilter(
  existing: readonly WebhookFilter[],
  added: WebhookFilter,
  path: string,
): void {
  refuseImpossible(added, path);
  const conflict = findConflict(existing, added);
  if (conflict) throw conflicting(conflict);
  if (existing.length >= filtersMax) {
    throw new WebhookError('filter_invalid', `A webhook has at most ${filtersMax} filters.`);
  }
  if (countExpressions([...existing, added]) > expressionsMax) {
    throw new WebhookError(
      'filter_invalid',
      `A webhook has at most ${expressionsMax} expressions; join them with "and" and "or".`,
    );
  }
}

const countExpressions = (filters: readonly WebhookFilter[]): number =>
  filters.filter(({ type }) => type === 'Expression').length;

function refuseImpossible(filter: WebhookFilter, path: string): void {
  const { type, matchType, value } = filter;
  if (type === 'Expression') {
    if (matchType !== 'Exact') {
      throw invalid(`${path}/matchType`, 'an Expression is not compared: leave matchType out');
    }
    return refuseExpression(value, `${path}/value`);
  }
  if (value.length > valueCharsMax) {
    throw invalid(`${path}/value`, `a value has at most ${valueCharsMax} characters`);
  }
  if (type === 'Severity' && !severities.some(severity => isMatch(filter, severity))) {
    const fault = `${matchType} ${value} matches no severity: there are ${severities.join(', ')}`;
    throw invalid(`${path}/value`, fault);
  }
}

function refuseExpression(text: string, path: string): void {
  const compiled = compileExpression(text);
  if ('holds' in compiled) return;
  const { fault, line, column } = compiled;
  const message = `line ${line}, column ${column}: ${fault}`;
  throw new WebhookError('filter_invalid', `${path}: ${message}`, [
    { path, message: fault, line, column },
  ]);
}

/** Whether the filter's comparison holds for a word. */
export function isMatch({ matchType, value }: WebhookFilter, word: string): boolean {
  switch (matchType) {
    case 'Exact':
      return word === value;
    case 'Prefix':
      return word.startsWith(value);
    case 'Suffix':
      return word.endsWith(value);
    case 'Contains':
      return word.includes(value);
  }
}

function conflicting(filter: WebhookFilter & { readonly id?: string }): WebhookError {
  const which = filter.id === undefined ? filter.value : `ID: ${filter.id}`;
  return new WebhookError('filter_conflict', `Conflicting Webhook filter exists ${which}`);
}

const invalid = (path: string, message: string): WebhookError =>
  new WebhookError('filter_invalid', `${path}: ${message}`, [{ path, message }]);
