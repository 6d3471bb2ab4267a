/** Parses the page of a list; pure. Source: apache/cloudstack, BaseListCmd. */
import type { PageOf } from '../../../store/sql/numbered-page.ts';
import type { Arguments } from './arguments.ts';
import { invalidParameter, invalidValue } from './command-error.ts';

/** CloudStack's `default.page.size`, which is its maximum as well. */
export const pageSizeMax = 500;
/** CloudStack's page size "Unlimited", which means the maximum here. */
const unlimited = -1;

/** @throws {CommandError} */
export function readPage(args: Arguments): PageOf {
  const [page, size] = [args.whole('page'), args.whole('pagesize')];
  if (size === unlimited) {
    if (page === undefined) return { offset: 0, limit: pageSizeMax };
    throw invalidValue("Can't specify page parameter when pagesize is -1 (Unlimited)");
  }
  if (page === undefined && size !== undefined) {
    throw invalidParameter('"page" parameter is required when "pagesize" is specified');
  }
  if (page !== undefined && size === undefined) {
    throw invalidParameter('"pagesize" parameter is required when "page" is specified');
  }
  const limit = size ?? pageSizeMax;
  if (limit > pageSizeMax) {
    throw invalidValue(`Page size can't exceed max allowed page size value: ${pageSizeMax}`);
  }
  if (limit < 0) throw invalidValue(`Invalid pagesize specified: ${limit}`);
  return { offset: limit * (Math.max(1, page ?? 1) - 1), limit };
}
