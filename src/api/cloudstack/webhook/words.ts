/** Reads words of enumerations in any case; pure. Source: reference "CloudStack" section 1.3, "Enum case". */
import { filterMatchTypes, filterModes, scopes } from '../../../webhook/words.ts';
import { invalidValue } from '../request/command-error.ts';

/** Undefined for an empty text too, which clients send for "not given". @throws {CommandError} */
const wordOf =
  <T extends string>(words: readonly T[], what: string) =>
  (given: string | undefined): T | undefined => {
    if (given === undefined || given.trim() === '') return undefined;
    const word = words.find(one => one.toLowerCase() === given.toLowerCase());
    if (word !== undefined) return word;
    throw invalidValue(`Invalid ${what} specified`);
  };

export const readScope = wordOf(scopes, 'scope');
/** The two states that CloudStack has; a paused webhook counts as disabled there. */
export const readState = wordOf(['Enabled', 'Disabled'] as const, 'state');
export const readMode = wordOf(filterModes, 'mode');
export const readMatchType = wordOf(filterMatchTypes, 'match type');
