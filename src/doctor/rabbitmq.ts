/** Findings about a RabbitMQ source: its exchanges, its queues, and the user's permissions. */
import type { RabbitmqConfig } from '../config/source/rabbitmq.ts';
import { counted, type Finding } from '../event/finding.ts';
import { describeFlags } from '../source/rabbitmq/rabbitmq-exchange.ts';
import type { RabbitmqView, RefusedOperation } from '../source/rabbitmq/rabbitmq-inspect.ts';

type Found = Omit<Finding, 'check'>;
type Judged = Partial<Pick<RabbitmqConfig, 'declare' | 'queues'>>;

export function judgeRabbitmq(view: RabbitmqView, config: Judged): readonly Found[] {
  return [
    ...judgeExchanges(view, config),
    ...view.refused.map(judgeRefusal),
    ...view.warnings.map(judgeWarning),
    ...view.queues.map(queue => judgeQueue(queue, config, view.refused)),
  ];
}

function judgeExchanges({ exchanges }: RabbitmqView, { declare }: Judged): readonly Found[] {
  if (exchanges.length === 0) return [];
  const missing = exchanges.flatMap(one => one.missing ?? []);
  const present = exchanges.filter(one => one.missing === undefined);
  const listed = present
    .map(({ name, flags }) => (flags ? `${name} (${describeFlags(flags)})` : name))
    .join(', ');
  const found = [listed === '' ? 'connected' : `connected; found exchange ${listed}`];
  if (missing.length === 0) return [{ state: 'ok', found: found.join('') }];
  if (declare) {
    return [
      {
        state: 'ok',
        found: [...found, ...missing].join('; '),
        hint: `\`hookline serve\` declares what is missing as ${describeFlags(declare)}, which must be how the cloud declares it.`,
      },
    ];
  }
  return [
    {
      state: present.length > 0 ? 'warn' : 'fail',
      found: [...found, ...missing].join('; '),
      hint: 'The cloud creates its exchange, as a rule with its first message, which is lost then: is its event bus set up, and is the name right? Hookline waits for it, or declares it with declare.type.',
    },
  ];
}

function judgeRefusal({ permission, object, words }: RefusedOperation): Found {
  return {
    state: 'fail',
    found: words,
    hint: `Grant the user the permission ${permission} on ${object}, as by \`rabbitmqctl set_permissions\`. Where the user may only read, name the queue in queues: then nothing is declared or bound.`,
  };
}

function judgeWarning(found: string): Found {
  return { state: 'warn', found, hint: hintFor(found) };
}

function hintFor(warning: string): string {
  if (/of the type direct/.test(warning))
    return 'Set bindings to the routing keys that the cloud sends, or have it use an exchange of the type topic or fanout.';
  if (warning.startsWith('exchange '))
    return 'Set declare to what the exchange is: after the next restart of the broker Hookline might declare it otherwise, and its publishers would be refused.';
  if (/^queue \S+ drops /.test(warning))
    return 'What is dropped has not been read. Exempt the queue from the policy, by its pattern or a policy of higher priority; an argument goes with the queue alone: delete it once it is empty.';
  if (warning.startsWith('the management API'))
    return 'Is managementUrl right, and does its user have the tag management? Policies that drop messages are not noticed until then.';
  return 'Arguments such as x-delivery-limit, x-message-ttl, x-max-length and x-expires make the broker drop messages; RabbitMQ 4 drops those of a quorum queue without x-delivery-limit after 20 returns. To have it as Hookline would create it, delete it once it is empty.';
}

function judgeQueue(
  { name, view }: RabbitmqView['queues'][number],
  { queues }: Judged,
  refused: readonly RefusedOperation[],
): Found {
  if (view) {
    const { messages, consumers } = view;
    return {
      state: 'ok',
      found: `queue ${name} has ${counted(messages, 'message')}, ${counted(consumers, 'consumer')}`,
    };
  }
  const found = `queue ${name} does not exist yet`;
  if (queues) {
    return {
      state: 'warn',
      found,
      hint: 'Its owner creates it, as oslo.messaging does with the first notification of a priority: is the name right? Hookline waits for it.',
    };
  }
  if (refused.some(({ object }) => object === name)) return { state: 'fail', found };
  return {
    state: 'ok',
    found,
    hint: `\`hookline serve\` creates it; the user needs the permissions configure, write and read on ${name}.`,
  };
}
