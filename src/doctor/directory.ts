/** The directory: whether the cloud answers, and how old the snapshot is that serves. */
import type { DirectoryConfig } from '../config/directory/directory.ts';
import type { CloudView } from '../directory/inspect.ts';
import type { Finding } from '../event/finding.ts';
import type { DirectoryStatus } from '../store/directory/sync-state.ts';

type Found = Omit<Finding, 'check'>;

export function judgeCloud({ kind }: DirectoryConfig, { seen, lacking }: CloudView): Found {
  const found = `${kind} answers: ${seen}`;
  if (lacking === undefined) return { state: 'ok', found };
  return {
    state: 'warn',
    found: `${found}; not seen: ${lacking}`,
    hint: 'Only what the key sees is matched: events of others reach Global webhooks alone.',
  };
}

/** So many refreshes may be missed before it is worth a word. */
const missedMax = 3;

/** @param status undefined before the first process asked for it. */
export function judgeSnapshot(
  { refreshMs }: DirectoryConfig,
  status: DirectoryStatus | undefined,
): Found {
  const hint =
    '`hookline serve` with the role janitor reads it; `hookline directory status` says more.';
  if (!status || status.ageSeconds === null) {
    return { state: 'warn', found: 'it has not been read yet', hint };
  }
  const { domains, accounts, ageSeconds, error } = status;
  const found = `${domains} domains and ${accounts} accounts, read ${Math.round(ageSeconds)} s ago`;
  if (error !== null)
    return { state: 'warn', found: `${found}; the last try failed: ${error}`, hint };
  return ageSeconds * 1_000 > missedMax * refreshMs
    ? { state: 'warn', found: `${found}, longer than directory.refreshMs asks for`, hint }
    : { state: 'ok', found };
}
