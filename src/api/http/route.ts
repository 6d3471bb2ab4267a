/** What the routes' schemas have in common. */
import type { FastifyRequest } from 'fastify';

import { problemMediaType } from './problem.ts';

/** Of a body that anybody may send who is not known yet. */
export const strangersBytesMax = 16_384;

export const idParams = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', format: 'uuid' } },
} as const;

export interface IdParams {
  readonly id: string;
}

const problem = (description: string) => ({
  description,
  content: { [problemMediaType]: { schema: { $ref: 'Problem#' } } },
});

/** Answers every route may give besides its own. */
export const problems = {
  '4xx': problem('The request cannot be done as it is.'),
  '5xx': problem('The request may be good; Hookline could not do it.'),
};

/** An answer of one kind. @param schema `$id` of its schema. */
export const answer = (schema: string, description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: `${schema}#` } } },
});

export const noContent = { description: 'Done.', type: 'null' } as const;

export const instantQuery = (description: string) =>
  ({ type: 'string', format: 'date-time', description }) as const;

/** Of what comes in bulk: a directory that is imported, events that are posted. */
export const largeBodyBytesMax = 4 * 1024 * 1024;

/** For `preValidation`, where all of a body may be left out. */
export async function bodyMayBeAbsent(request: FastifyRequest): Promise<void> {
  request.body ??= {};
}

/** The facts that there are: an absent fact is absent (contract 1.4). */
export function withoutNulls(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
