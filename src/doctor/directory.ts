/** Findings about the directory: whether the cloud answers, and how old the snapshot in use is. */
import type { DirectoryConfig } from '../config/directory/directory.ts';
import type { CloudView } from '../directory/inspect.ts';
import { counted, type Finding } from '../event/finding.ts';
import type { DirectoryStatus } from '../store/directory/sync-state.ts';

type Found = Omit<Finding, 'check'>;

export function judgeCloud({ kind }: DirectoryConfig, { seen, lacking }: CloudView): Found {
  const found = `${kind} answers: ${seen}`;
  if (lacking === undefined) return { state: 'ok', found };
  return {
    state: 'warn',
    found: `${found}; not visible: ${lacking}`,
    hint: 'Hookline knows only the accounts visible to this key; events of others reach Global webhooks only.',
  };
}

/** Number of missed refreshes that are tolerated without a warning. */
const missedMax = 3;

/** @param status undefined until a process has asked for a first refresh. */
export function judgeSnapshot(
  { refreshMs }: DirectoryConfig,
  status: DirectoryStatus | undefined,
): Found {
  const hint =
    '`hookline serve` with the role janitor reads it; `hookline directory status` shows details.';
  if (!status || status.ageSeconds === null) {
    return { state: 'warn', found: 'the directory has not been read yet', hint };
  }
  const { domains, accounts, ageSeconds, error } = status;
  const found = `${counted(domains, 'domain')} and ${counted(accounts, 'account')}, read ${Math.round(ageSeconds)} s ago`;
  if (error !== null)
    return { state: 'warn', found: `${found}; the last attempt failed: ${error}`, hint };
  return ageSeconds * 1_000 > missedMax * refreshMs
    ? { state: 'warn', found: `${found}, longer than directory.refreshMs allows`, hint }
    : { state: 'ok', found };
}
