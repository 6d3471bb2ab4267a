/** Which page a list is asked for; pure. Source: apache/cloudstack, BaseListCmd. */
import type { PageOf } from '../../../store/sql/numbered-page.ts';
import type { Arguments } from './arguments.ts';
import { parameterRefused, valueRefused } from './command-error.ts';

/** CloudStack's `default.page.size`, which is the largest there as well. */
export const pageSizeMax = 500;
/** "Unlimited": here it is the largest. */
const unlimited = -1;

/** @throws {CommandError} */
export function readPage(args: Arguments): PageOf {
  const [page, size] = [args.whole('page'), args.whole('pagesize')];
  if (size === unlimited) {
    if (page === undefined) return { offset: 0, limit: pageSizeMax };
    throw valueRefused("Can't specify page parameter when pagesize is -1 (Unlimited)");
  }
  if (page === undefined && size !== undefined) {
    throw parameterRefused('"page" parameter is required when "pagesize" is specified');
  }
  if (page !== undefined && size === undefined) {
    throw parameterRefused('"pagesize" parameter is required when "page" is specified');
  }
  const limit = size ?? pageSizeMax;
  if (limit > pageSizeMax) {
    throw valueRefused(`Page size can't exceed max allowed page size value: ${pageSizeMax}`);
  }
  if (limit < 0) throw valueRefused(`Invalid pagesize specified: ${limit}`);
  return { offset: limit * (Math.max(1, page ?? 1) - 1), limit };
}
