/** Asks Hookline's REST API, at the path from which the page came. */
import createClient from 'openapi-fetch';

import type { paths, Problem } from './api.ts';
import { csrfToken, endSession } from './session.ts';

/** Where Hookline is, with a slash at the end. */
export const baseUrl = new URL('.', document.baseURI);

export const client = createClient<paths>({ baseUrl: baseUrl.href.replace(/\/$/, '') });

client.use({
  onRequest: ({ request }) => {
    if (csrfToken.value !== undefined) request.headers.set('x-csrf-token', csrfToken.value);
    return request;
  },
  onResponse: ({ response, schemaPath }) => {
    if (response.status === 401 && schemaPath !== '/v1/login') endSession();
  },
});

/** An answer that says what is wrong. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** The data of an answer. @throws {ApiError} @throws {TypeError} when Hookline cannot be reached. */
export async function ask<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asked;
  if (data === undefined) throw new ApiError(problemOf(error, response.status));
  return data;
}

/** Asks for what is answered with no data. @throws as `ask` does. */
export async function done(asked: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await asked;
  if (!response.ok) throw new ApiError(problemOf(error, response.status));
}

/** What a proxy between answers in Hookline's place is no problem of its API. */
function problemOf(error: unknown, status: number): Problem {
  return isProblem(error)
    ? error
    : { type: 'about:blank', title: `HTTP ${status}`, status, detail: '', code: 'unknown' };
}

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'detail' in error && 'code' in error;
