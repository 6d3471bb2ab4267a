/** What CloudStack publishes about one virtual machine, from its deployment to its end. */
import {
  actionMessage,
  type CloudMessage,
  jobMessage,
  type Resource,
  stateMessage,
  usageMessage,
} from './cloudstack-message.ts';
import type { Dice } from './dice.ts';

/** A message whose time is not known yet. */
export type Step = (at: Date) => CloudMessage;

export interface Owner {
  readonly account: string;
  readonly user: string;
  readonly zone: string;
}

/** Something a user asks for: on the bus, four action events, two about its job, and what it changes. */
interface Operation {
  readonly event: string;
  readonly command: string;
  /** In CloudStack's words, without the machine: `starting Vm`. */
  readonly doing: string;
  readonly isCreation?: boolean;
  readonly fails?: boolean;
  readonly touched?: readonly Resource[];
  readonly changes: readonly Step[];
}

const commands = 'org.apache.cloudstack.api.command.user';

export function* vmLife(owner: Owner, dice: Dice): Generator<Step> {
  const vm: Resource = { kind: 'VirtualMachine', uuid: dice.uuid() };
  const during = (operation: Operation): Generator<Step> => perform(owner, vm, { operation, dice });
  yield* during(deployment(owner, vm, dice));
  for (let count = 1 + dice.roll(3); count > 0; count -= 1) {
    yield* during(stop(owner, vm));
    if (dice.roll(4) === 0) yield* during(failedStart(vm));
    yield* during(start(owner, vm));
    yield* during(dice.roll(2) === 0 ? reboot() : attachment(owner, dice));
  }
  yield* during(destruction(owner, vm));
}

function* perform(
  owner: Owner,
  vm: Resource,
  { operation, dice }: { operation: Operation; dice: Dice },
): Generator<Step> {
  const { event, command, doing, fails = false, touched = [], changes } = operation;
  const jobId = dice.uuid();
  const act =
    (status: 'Created' | 'Scheduled' | 'Started' | 'Completed', description: string): Step =>
    at =>
      actionMessage({ ...owner, at, event, status, description, entity: vm, touched });
  const job = (step: 'submit' | 'complete'): Step => {
    const facts = { jobId, event, command: `${commands}.${command}`, resource: vm };
    return () => jobMessage({ ...owner, ...facts, step, failed: fails });
  };
  const what = `${doing}. Vm Id: ${vm.uuid}`;
  if (operation.isCreation) yield act('Created', `Successfully created entity for ${what}`);
  yield act('Scheduled', `${doing}: ${vm.uuid}`);
  yield job('submit');
  yield act('Started', `${doing.charAt(0).toUpperCase()}${what.slice(1)}`);
  yield* changes;
  yield act('Completed', `${fails ? 'Error while' : 'Successfully completed'} ${what}`);
  yield job('complete');
}

function deployment(owner: Owner, vm: Resource, dice: Dice): Operation {
  const volume = { kind: 'com.cloud.storage.Volume', uuid: dice.uuid() };
  const network = { kind: 'Network', uuid: dice.uuid() };
  return {
    event: 'VM.CREATE',
    command: 'vm.DeployVMCmd',
    doing: 'deploying Vm',
    isCreation: true,
    touched: [network],
    changes: [
      usage(owner, 'VM.CREATE', vm),
      usage(owner, 'VOLUME.CREATE', volume),
      ...transition(vm, 'StartRequested', ['Stopped', 'Starting']),
      ...transition(vm, 'OperationSucceeded', ['Starting', 'Running']),
      usage(owner, 'VM.START', vm),
    ],
  };
}

function start(owner: Owner, vm: Resource): Operation {
  return {
    event: 'VM.START',
    command: 'vm.StartVMCmd',
    doing: 'starting Vm',
    changes: [
      ...transition(vm, 'StartRequested', ['Stopped', 'Starting']),
      ...transition(vm, 'OperationSucceeded', ['Starting', 'Running']),
      usage(owner, 'VM.START', vm),
    ],
  };
}

function failedStart(vm: Resource): Operation {
  return {
    event: 'VM.START',
    command: 'vm.StartVMCmd',
    doing: 'starting Vm',
    fails: true,
    changes: [
      ...transition(vm, 'StartRequested', ['Stopped', 'Starting']),
      ...transition(vm, 'OperationFailed', ['Starting', 'Stopped']),
    ],
  };
}

function stop(owner: Owner, vm: Resource): Operation {
  return {
    event: 'VM.STOP',
    command: 'vm.StopVMCmd',
    doing: 'stopping Vm',
    changes: [
      ...transition(vm, 'StopRequested', ['Running', 'Stopping']),
      ...transition(vm, 'OperationSucceeded', ['Stopping', 'Stopped']),
      usage(owner, 'VM.STOP', vm),
    ],
  };
}

function reboot(): Operation {
  return { event: 'VM.REBOOT', command: 'vm.RebootVMCmd', doing: 'rebooting Vm', changes: [] };
}

function attachment(owner: Owner, dice: Dice): Operation {
  const volume = { kind: 'Volume', uuid: dice.uuid() };
  return {
    event: 'VOLUME.ATTACH',
    command: 'volume.AttachVolumeCmd',
    doing: 'attaching volume',
    touched: [volume],
    changes: [
      usage(owner, 'VOLUME.CREATE', { ...volume, kind: 'com.cloud.storage.Volume' }),
      ...transition(volume, 'AttachRequested', ['Ready', 'Attaching']),
      ...transition(volume, 'OperationSucceeded', ['Attaching', 'Ready']),
    ],
  };
}

function destruction(owner: Owner, vm: Resource): Operation {
  return {
    event: 'VM.DESTROY',
    command: 'vm.DestroyVMCmd',
    doing: 'destroying Vm',
    changes: [
      ...transition(vm, 'StopRequested', ['Running', 'Stopping']),
      ...transition(vm, 'OperationSucceeded', ['Stopping', 'Stopped']),
      ...transition(vm, 'DestroyRequested', ['Stopped', 'Destroyed']),
      usage(owner, 'VM.DESTROY', vm),
    ],
  };
}

/** CloudStack publishes a transition twice: before it and after. */
function transition(resource: Resource, trigger: string, states: [string, string]): Step[] {
  const [from, to] = states;
  return (['pre', 'post'] as const).map(
    when => at => stateMessage({ at, trigger, resource, from, to, when }),
  );
}

function usage(owner: Owner, event: string, resource: Resource): Step {
  const kind = resource.kind === 'VirtualMachine' ? 'com.cloud.vm.VirtualMachine' : resource.kind;
  return at => usageMessage({ ...owner, at, event, resource: { ...resource, kind } });
}
