/** The table of versions in `docs/versions.md`: a row for each subject, of its latest replay. */
import type { ReplayResult } from './replay.ts';
import { type Subject, subjects } from './subjects.ts';

const head =
  '| service | version | tried | from | date | result |\n| --- | --- | --- | --- | --- | --- |\n';
const notRun = 'not run yet';

/** @param date of the replay, `2026-11-30`. @returns the text with the row of the subject made anew, the others kept. */
export function withResult(
  text: string,
  subject: Subject,
  told: { readonly date: string; readonly result: ReplayResult },
): string {
  const start = text.indexOf(head);
  if (start < 0) throw new Error('docs/versions.md has no table of versions');
  const after = text.slice(start + head.length);
  const length = /^(?:\|.*\n)*/.exec(after)?.[0].length ?? 0;
  const known = new Map<string, string>();
  for (const row of after.slice(0, length).split('\n')) {
    const [, service = '', version = ''] = row.split('|').map(cell => cell.trim());
    known.set(`${service} ${version}`, row);
  }
  known.set(keyOf(subject), rowOf(subject, told));
  const rows = subjects.map(one => known.get(keyOf(one)) ?? rowOf(one));
  return `${text.slice(0, start)}${head}${rows.join('\n')}\n${after.slice(length)}`;
}

const keyOf = ({ service, version }: Subject): string => `${service} ${version}`;

/** @param told absent for a subject that was never replayed. */
function rowOf(
  { service, version, origin }: Subject,
  told?: { readonly date: string; readonly result: ReplayResult },
): string {
  const { date = '–', result = { reason: notRun } } = told ?? {};
  const exact = 'exact' in result ? result.exact : '–';
  return `| ${[service, version, exact, origin, date, inWords(result)].join(' | ')} |`;
}

function inWords(result: ReplayResult): string {
  if ('reason' in result) return result.reason.replaceAll(/[\s|]+/g, ' ').slice(0, 200);
  const { passed, failed, losses } = result;
  const tests = failed === 0 ? `${passed} tests passed` : `**${failed} failed**, ${passed} passed`;
  return losses.length === 0 ? tests : `${tests}; ${losses.join(', ')}`;
}
