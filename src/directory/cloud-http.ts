/** Requests to a cloud's API: JSON answers of bounded size, a time limit, and error messages without secrets. */
import { Agent } from 'node:https';

import fetch, { FetchError } from 'node-fetch';

import { trustEachGiven } from '../event/network/trust.ts';
import { CloudError } from './cloud-error.ts';
import { isRecord, type Json } from './json.ts';

export interface CloudHttpOptions {
  /** Time limit from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** PEM text of the authorities to trust; absent: the system's. */
  readonly ca?: string;
}

export interface CloudRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface CloudAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Json;
}

export type CloudHttp = (request: CloudRequest) => Promise<CloudAnswer>;

/** Maximum size of an answer; a page of a list is a few hundred kilobytes. */
const answerBytesMax = 64 * 1024 * 1024;

/** The returned function resolves with any HTTP status. It throws {CloudError} when there is no JSON answer. */
export function createCloudHttp({ timeoutMs, ca }: CloudHttpOptions): CloudHttp {
  const agent =
    ca === undefined ? undefined : new Agent({ ...trustEachGiven, ca, keepAlive: true });
  return async request => {
    const { url, method, headers, body, signal } = request;
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await fetch(url, {
        method,
        redirect: 'manual',
        size: answerBytesMax,
        signal: AbortSignal.any([signal, deadline]),
        headers: { accept: 'application/json', ...headers },
        body,
        agent: url.startsWith('https:') ? agent : undefined,
      });
      const text = await answer.text();
      return {
        status: answer.status,
        header: name => answer.headers.get(name) ?? undefined,
        body: parse(text, answer.status, url),
      };
    } catch (error) {
      if (error instanceof CloudError) throw error;
      throw explain(error, { url, timeoutMs, isLate: deadline.aborted });
    }
  };
}

function parse(text: string, status: number, url: string): Json {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // Reported below, like JSON that is not an object.
  }
  const hint =
    status >= 300 && status < 400 ? 'it redirects elsewhere' : 'is this the URL of its API?';
  throw new CloudError(`${placeOf(url)} answered ${status} without JSON: ${hint}`, {
    status,
  });
}

/** Words an error of node-fetch, whose own message contains the whole URL with its query. */
function explain(
  error: unknown,
  { url, timeoutMs, isLate }: { url: string; timeoutMs: number; isLate: boolean },
): CloudError {
  const place = placeOf(url);
  if (isLate) return new CloudError(`${place} did not answer within ${timeoutMs} ms`);
  const code = error instanceof FetchError ? (error.code ?? error.type) : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.replace(/^request to .* failed, reason: /s, '').trim();
  return new CloudError(`${place} cannot be reached: ${reason || (code ?? 'no reason given')}`);
}

/** The URL without user, password and query. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
