/** Which filters a webhook may have, beyond the shape of their fields. */
import { severities } from '../../event/severity.ts';
import type { WebhookFilter } from '../../webhook/webhook.ts';
import { compileExpression } from '../../expression/expression.ts';
import { findConflict } from './filter-conflict.ts';
import { ProblemError } from '../http/problem.ts';

const valueCharsMax = 255;
export const filtersMax = 100;
/** The intake asks them for every event of the webhook's scope. */
const expressionsMax = 10;
/** Of all webhooks of one account. */
export const accountExpressionsMax = 100;

/**
 * @param existing those the webhook has.
 * @param path of the new one in the request's body: `''`, or `/filters/0`.
 * @throws {ProblemError} filter_invalid, filter_conflict
 */
export function requireFilter(
  existing: readonly WebhookFilter[],
  added: WebhookFilter,
  path: string,
): void {
  refuseImpossible(added, path);
  const conflict = findConflict(existing, added);
  if (conflict) throw conflicting(conflict);
  if (existing.length >= filtersMax) {
    throw new ProblemError('filter_invalid', `A webhook has at most ${filtersMax} filters.`);
  }
  if (countExpressions([...existing, added]) > expressionsMax) {
    throw new ProblemError(
      'filter_invalid',
      `A webhook has at most ${expressionsMax} expressions; join them with "and" and "or".`,
    );
  }
}

export const countExpressions = (filters: readonly WebhookFilter[]): number =>
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
  throw new ProblemError('filter_invalid', `${path}: ${message}`, [
    { path, message: fault, line, column },
  ]);
}

function isMatch({ matchType, value }: WebhookFilter, word: string): boolean {
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

function conflicting(filter: WebhookFilter & { readonly id?: string }): ProblemError {
  const which = filter.id === undefined ? filter.value : `ID: ${filter.id}`;
  return new ProblemError('filter_conflict', `Conflicting Webhook filter exists ${which}`);
}

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError('filter_invalid', `${path}: ${message}`, [{ path, message }]);
