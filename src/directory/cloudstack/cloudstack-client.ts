/**
 * Client of a CloudStack management server: signed commands, and lists read page by page.
 *
 * Source: apache/cloudstack, ApiServer (envelopes, signature), BaseListCmd (paging; default.page.size is also the
 * largest page size allowed). Requests are POSTed, so that neither key nor signature appears in access logs.
 */
import { CloudError } from '../cloud-error.ts';
import { createCloudHttp, type CloudHttpOptions } from '../cloud-http.ts';
import { signQuery, type KeyPair } from './cloudstack-sign.ts';
import { isRecord, numberAt, recordsAt, textAt, type Json } from '../json.ts';

export interface CloudstackOptions extends CloudHttpOptions, KeyPair {
  /** URL of the API, such as `https://host:8443/client/api`. */
  readonly url: string;
  /** Rows per page; reduced to what the server allows. */
  readonly pageSize: number;
  readonly now: () => number;
}

export type Params = Readonly<Record<string, string>>;

export interface ListCommand {
  /** Name of the command, such as `listDomains`. */
  readonly command: string;
  /** Name of the list in the answer, such as `domain`. */
  readonly key: string;
  readonly params?: Params;
  /** Meaning of `count` in the answer; in that of listWebhookFilters it is the size of the page. */
  readonly countIs?: 'total' | 'page';
}

export interface Listed {
  /** Rows, each id once. */
  readonly rows: readonly Json[];
  /** False when the number of rows differs from the server's count, or that count changed, even after reading again. */
  readonly isWhole: boolean;
}

export interface CloudstackClient {
  /** Runs a command. @returns the content of the answer's envelope. @throws {CloudError} */
  call(command: string, params: Params, signal: AbortSignal): Promise<Json>;
  /** Reads all pages of a list. @throws {CloudError} */
  list(command: ListCommand, signal: AbortSignal): Promise<Listed>;
}

/** How often a list is read at most; changes while it is read shift the pages. */
const readsMax = 3;
/** Maximum number of pages, in case a server never ends a list. */
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
    // An answer in another shape must not pass for an empty list.
    if (!isRecord(answer)) {
      throw new CloudError(
        `the answer to ${command} (${status}) is not CloudStack's: is directory.url the URL of its API, such as https://host/client/api?`,
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

/** The page size that the server allows, which is its `default.page.size`, from the text of its refusal. */
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
    { status, errorCode },
  );
}
