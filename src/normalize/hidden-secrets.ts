/**
 * Keys whose values only a cloud's own decoder knows to be secrets. In a message that it cannot read they are scrubbed all the
 * same, before the message is quarantined.
 */
import { createScrubber } from './scrub/scrub.ts';
import type { Scrubber } from './scrub/scrub.ts';

interface HiddenSecrets {
  readonly keys: readonly string[];
  /** Only in messages in which this is found; without it, in all. */
  readonly where?: RegExp;
}

const hiddenSecrets: Readonly<Record<string, readonly HiddenSecrets[] | undefined>> = {
  'xen-orchestra': [
    // The result of `token.create` is a token.
    { keys: ['result'] },
    // Their parameters are tokens, configurations of any plugin, and user data, and their errors may quote them; see
    // xen-orchestra-params.ts.
    {
      keys: ['params', 'params vector', 'error'],
      where: /\b(?:token|session|plugin|cloudConfig)\.|\b(?:vm\.create|job\.set)/,
    },
  ],
  // Whoever has the key of a zone's transfer takes the zone.
  openstack: [{ keys: ['key'], where: /zone_transfer/ }],
};

/**
 * Creates the scrubber of messages that the format's decoder cannot read.
 *
 * @param scrubber the one of all other messages.
 * @param keys the operator's names of secrets.
 */
export function createUnreadScrubber(
  format: string,
  scrubber: Scrubber,
  keys: readonly string[],
): Scrubber {
  const hidden = hiddenSecrets[format];
  if (hidden === undefined) return scrubber;
  const inAll = hidden.filter(({ where }) => where === undefined).flatMap(some => some.keys);
  const plain = createScrubber([...keys, ...inAll]);
  const strict = createScrubber([...keys, ...hidden.flatMap(some => some.keys)]);
  return {
    ...plain,
    bytes: body => {
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
      const isHiding = hidden.some(({ where }) => where?.test(text));
      return (isHiding ? strict : plain).bytes(body);
    },
  };
}
