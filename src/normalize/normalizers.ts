/** The normalizer of each configured source. */
import type { Config } from '../config/config.ts';
import { ownSourceName } from '../config/source/source.ts';
import { ConfigError } from '../event/errors.ts';
import { normalizerFor, settingsWithDefaults } from './source-formats.ts';
import { createUnreadScrubber } from './hidden-secrets.ts';
import type { Normalizer } from './normalizer.ts';
import { total } from './decode-items.ts';
import { createPostedNormalizer } from './posted.ts';
import { createScrubber } from './scrub/scrub.ts';
import type { Scrubber } from './scrub/scrub.ts';

export interface Normalizers {
  /** By the name of the source. */
  readonly bySource: ReadonlyMap<string, SourceReading>;
}

export interface SourceReading {
  readonly normalize: Normalizer;
  /** Scrubs messages that `normalize` cannot read. For some clouds it also hides what is no secret elsewhere. */
  readonly scrubber: Scrubber;
}

/**
 * Creates all of them. @throws {ConfigError} with a line for each rule of a mapping, of any source, that cannot be
 * used.
 */
export function createNormalizers({ sources, scrub }: Config): Normalizers {
  const scrubber = createScrubber(scrub.keys);
  const problems: string[] = [];
  const bySource = new Map<string, SourceReading>();
  for (const { name, kind, format, keepAudit, alarmTtlMs, showPayload, mapping } of sources) {
    const reading = { keepAudit, alarmTtlMs, showPayload, mapping };
    const options = { ...reading, scrubber, bus: kind, now: Date.now };
    try {
      bySource.set(name, {
        normalize: normalizerFor(format, options),
        scrubber: createUnreadScrubber(format, scrubber, scrub.keys),
      });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map(problem => `source ${name}: ${problem}`));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const own = settingsWithDefaults({ scrubber, now: Date.now });
  bySource.set(ownSourceName, { normalize: total(createPostedNormalizer(own)), scrubber });
  return { bySource };
}
