/** The normalizers by source format (contract 1.2). */
import { formatKeys } from '../config/source/format-keys.ts';
import { ConfigError } from '../event/errors.ts';
import { createAlertmanagerNormalizer } from './cloud/alertmanager.ts';
import { createCloudEventsNormalizer } from './cloud/cloudevents.ts';
import { createCloudpodsNormalizer } from './cloud/cloudpods.ts';
import { normalizeCloudStack } from './cloud/cloudstack.ts';
import { createJsonNormalizer } from './cloud/json-mapped.ts';
import type { MappingRules } from './mapping.ts';
import { createMonascaNormalizer } from './cloud/monasca.ts';
import { total } from './decode-items.ts';
import type { DecoderFactory, Normalizer, NormalizerOptions } from './normalizer.ts';
import { createOpenStackNormalizer } from './cloud/openstack/openstack.ts';
import { createS3Normalizer } from './cloud/s3.ts';
import { builtInScrubber } from './scrub/scrub.ts';
import { createVcdNormalizer } from './cloud/vcd.ts';
import { createXenOrchestraNormalizer } from './cloud/xen-orchestra.ts';

const factories = {
  cloudstack:
    ({ scrubber }) =>
    message => [normalizeCloudStack(message, scrubber)],
  openstack: createOpenStackNormalizer,
  monasca: createMonascaNormalizer,
  vcd: createVcdNormalizer,
  s3: createS3Normalizer,
  cloudevents: createCloudEventsNormalizer,
  json: createJsonNormalizer,
  'xen-orchestra': createXenOrchestraNormalizer,
  cloudpods: createCloudpodsNormalizer,
  alertmanager: createAlertmanagerNormalizer,
} as const satisfies Record<string, DecoderFactory>;

export type NormalizableFormat = keyof typeof factories;

export const normalizableFormats: readonly string[] = Object.keys(factories);

/** Options for a normalizer; those left out have the configuration's defaults. */
export type NormalizerSettings = Pick<NormalizerOptions, 'now'> & Partial<NormalizerOptions>;

/**
 * Creates a normalizer.
 *
 * @throws {ConfigError} with a line for each rule of the mapping that cannot be used with this format, or at all.
 */
export function normalizerFor(format: NormalizableFormat, options: NormalizerSettings): Normalizer {
  const mapping = options.mapping ?? {};
  const problems = mappingProblems(format, mapping);
  if (problems.length > 0) throw new ConfigError(problems);
  return total(factories[format](settingsWithDefaults(options)));
}

export function settingsWithDefaults(options: NormalizerSettings): NormalizerOptions {
  return {
    keepAudit: formatKeys.keepAudit.default,
    alarmTtlMs: formatKeys.alarmTtlMs.default,
    showPayload: formatKeys.showPayload.default,
    scrubber: builtInScrubber,
    bus: 'http',
    mapping: {},
    ...options,
  };
}

function mappingProblems(format: NormalizableFormat, mapping: MappingRules): readonly string[] {
  if (format === 'json' && mapping.event === undefined) {
    return ['mapping.event: null: expected where the event type is, for the format json'];
  }
  if (format === 'cloudstack' && Object.values(mapping).some(rule => rule !== undefined)) {
    return [
      'mapping: set: expected none; events of the format cloudstack are passed on as they are',
    ];
  }
  if (format !== 'json' && mapping.events !== undefined) {
    return [`mapping.events: set: expected none; the format ${format} knows where its events are`];
  }
  return [];
}
