/** All formats that need nothing but the event, one file each, by the name webhooks use. */
import { alertmanager } from './incident/alertmanager.ts';
import { ansible, jenkins } from './cloud/automation.ts';
import { cloudEvents, cloudEventsBinary } from './cloud/cloudevents.ts';
import { cloudpods, cloudpodsText } from './cloud/cloudpods.ts';
import { cloudstack } from './cloud/cloudstack.ts';
import { discord } from './chat/discord.ts';
import { envelope } from './cloud/envelope.ts';
import type { Format, FormatOption, FormatOptions } from './format.ts';
import { mattermost, rocketchat } from './chat/mattermost.ts';
import { monasca } from './cloud/monasca.ts';
import { opsgenie } from './incident/opsgenie.ts';
import { pagerduty } from './incident/pagerduty.ts';
import { slack } from './chat/slack.ts';
import { standardWebhooks } from './cloud/standard-webhooks.ts';
import { teams } from './chat/teams.ts';
import { jira, servicenow } from './incident/ticket.ts';
import { xenOrchestra } from './cloud/xen-orchestra.ts';

export type Formats = ReadonlyMap<string, Format>;

/** Lists all formats. @param others formats that need more than the event, such as a process to render in. */
export function listFormats(others: readonly Format[] = []): Formats {
  return new Map([...builtIn, ...others].map(format => [format.name, format]));
}

const builtIn: readonly Format[] = [
  cloudstack,
  envelope,
  standardWebhooks,
  cloudEvents,
  cloudEventsBinary,
  monasca,
  cloudpods,
  cloudpodsText,
  xenOrchestra,
  slack,
  teams,
  discord,
  mattermost,
  rocketchat,
  pagerduty,
  opsgenie,
  alertmanager,
  jenkins,
  ansible,
  servicenow,
  jira,
];

const optionNames = ['body', 'msgKey', 'template', 'secretKey'] as const satisfies FormatOption[];

/**
 * Checks options for a format. @returns the reason why they cannot be used, for the person who set them; undefined when
 * they can.
 *
 * @example refuseOptions(envelope, { msgKey: 'Msg' }) // 'the format envelope does not take msgKey'
 */
export function refuseOptions(format: Format, options: FormatOptions): string | undefined {
  const { name, takes, needs = [], refuse } = format;
  const isSet = (option: FormatOption): boolean => options[option] !== undefined;
  const foreign = optionNames.find(option => isSet(option) && takes[option] === undefined);
  if (foreign !== undefined) return `the format ${name} does not take ${foreign}`;
  const missing = needs.find(option => !isSet(option));
  if (missing !== undefined) return `the format ${name} needs ${missing}: ${takes[missing]}`;
  return refuse?.(options);
}
