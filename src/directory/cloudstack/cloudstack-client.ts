/**
 * Asks a CloudStack management server: signed commands, and lists page by page.
 *
 * Source: apache/cloudstack, ApiServer (envelopes, signature), BaseListCmd (paging; default.page.size is also the
 * largest page one may ask for). Requests are POSTed, so that neither key nor signature appears in access logs.
 */
import { CloudError } from '../cloud-error.ts';
import { createCloudHttp, type CloudHttpOptions } from '../cloud-http.ts';
import { signQuery, type KeyPair } from './cloudstack-sign.ts';
import { isRecord, numberAt, recordsAt, textAt, type Json } from '../json.ts';

export interface CloudstackOptions extends CloudHttpOptions, KeyPair {
  /** `https://host:8443/client/api`. */
  readonly url: string;
  /** Rows asked for at a time; what the server allows is found out. */
  readonly pageSize: number;
  readonly now: () => number;
}

export type Params = Readonly<Record<string, string>>;

export interface ListCommand {
  /** `listDomains`. */
  readonly command: string;
  /** Of the list in the answer: `domain`. */
  readonly key: string;
  readonly params?: Params;
  /** `page`: what the answer calls `count` is the size of the page. CloudStack's listWebhookFilters does so. */
  readonly countIs?: 'total' | 'page';
}

export interface Listed {
  /** Each id once. */
  readonly rows: readonly Json[];
  /** False when the rows are not as many as the server counts, or it counts otherwise each time, also when read again. */
  readonly isWhole: boolean;
}

export interface CloudstackClient {
  /** @returns what is inside the answer's envelope. @throws {CloudError} */
  call(command: string, params: Params, signal: AbortSignal): Promise<Json>;
  /** All pages. @throws {CloudError} */
  list(command: ListCommand, signal: AbortSignal): Promise<Listed>;
}

/** What changes while it is being read shifts the pages: then all of it is read again. */
const readsMax = 3;
/** A server that never ends a list is not believed. */
const pagesMax = 100_000;

export function createCloudstackClient(options: CloudstackOptions): CloudstackClient {
  const http = createCloudHttp(options);
  let { pageSize } = options;

  const call: CloudstackClient['call'] = async (command, params, signal) => {
    const { status, body } = await http({
      method: 'POST',
      url: options.url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: signQuery({ ...params, command, response: 'json' }, options, options.now()),
      signal,
    });
    const answer = body[`${command.toLowerCase()}response`] ?? body['errorresponse'];
    // Without its envelope an answer that says nothing would pass for an empty list.
    if (!isRecord(answer)) {
      throw new CloudError(
        `${command} was answered ${status} in another shape than CloudStack's: is directory.url its API's, such as https://host/client/api?`,
        { status },
      );
    }
    const errorCode = numberAt(answer, 'errorcode');
    if (status === 200 && errorCode === undefined) return answer;
    throw refusal(command, { status, errorCode, text: textAt(answer, 'errortext') });
  };

  const readAll = async (list: ListCommand, signal: AbortSignal): Promise<Listed> => {
    const rows = new Map<string, Json>();
    const counted = list.countIs !== 'page';
    const counts = new Set<number>();
    for (let page = 1; page <= pagesMax; page += 1) {
      const paging = { page: String(page), pagesize: String(pageSize) };
      const answer = await call(list.command, { ...list.params, ...paging }, signal);
      const found = recordsAt(answer, list.key);
      for (const row of found) {
        const id = textAt(row, 'id');
        if (id !== undefined) rows.set(id, row);
      }
      const count = numberAt(answer, 'count') ?? 0;
      counts.add(count);
      const isLast = counted ? rows.size >= count : found.length < pageSize;
      if (isLast || found.length === 0) {
        const isWhole = counted ? rows.size === count && counts.size === 1 : isLast;
        return { rows: [...rows.values()], isWhole };
      }
    }
    return { rows: [...rows.values()], isWhole: false };
  };

  const list: CloudstackClient['list'] = async (command, signal) => {
    let listed: Listed = { rows: [], isWhole: false };
    for (let reads = 0; reads < readsMax && !listed.isWhole;) {
      try {
        listed = await readAll(command, signal);
        reads += 1;
      } catch (error) {
        const allowed = pageSizeAllowed(error);
        if (allowed === undefined || allowed >= pageSize) throw error;
        pageSize = allowed;
      }
    }
    return listed;
  };
  return { call, list };
}

/** The server says which page size it would take: `default.page.size`. */
function pageSizeAllowed(error: unknown): number | undefined {
  if (!(error instanceof CloudError)) return undefined;
  const [, allowed] = /max allowed page size value: ([1-9]\d*)/.exec(error.message) ?? [];
  return allowed === undefined ? undefined : Number(allowed);
}

interface Refused {
  readonly status: number;
  readonly errorCode: number | undefined;
  readonly text: string | undefined;
}

function refusal(command: string, { status, errorCode, text }: Refused): CloudError {
  const hint =
    status === 401
      ? ' Check the API key and the secret key, the clocks of both machines, and that the key may use the command.'
      : '';
  return new CloudError(
    `CloudStack refuses ${command} (${errorCode ?? status}): ${text ?? 'no reason given'}.${hint}`,
    { status, ...(errorCode !== undefined && { errorCode }) },
  );
}
