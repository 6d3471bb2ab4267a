/**
 * The paths at which each OpenStack service keeps the facts of an event.
 *
 * Source: nova/notifications (legacy base.py, versioned objects), cinder/volume/volume_utils.py, neutron
 * _callback_notifier and api/v2/base.py, glance/notifier.py, keystone/notifications.py, heat/engine/notification,
 * designate/notifications.py, ironic/objects/node.py, manila/share/share_types.py; ceilometer's event_definitions.yaml.
 */

export interface PayloadPaths {
  /** Kind of resource; absent where it is the word before the action in the event type. */
  readonly entity?: string;
  /** Dotted paths into the payload, tried before those that are tried in any payload. */
  readonly uuid?: readonly string[];
  readonly owner?: readonly string[];
  /** Of who asked, where the context does not say it; the payload's `user_id` is mostly the owner's. */
  readonly user?: readonly string[];
  readonly description?: readonly string[];
  /** The object in the payload with the resource's fields, where it is not under the kind of resource. */
  readonly body?: string;
  /** Path of the project that uses what another one owns. */
  readonly lessee?: string;
  /** Finds the resource's id in a payload that is a text. */
  readonly uuidInText?: RegExp;
  /** The resource belongs to the operator: it is not owned by whoever made the request. */
  readonly isOperators?: true;
}

/**
 * Paths by event type. The first pattern that matches counts; its first group, if there is one, is the kind of
 * resource.
 */
const places: readonly (readonly [RegExp, PayloadPaths])[] = [
  [/^compute\.(instance)\./, { uuid: ['instance_id', 'instance_uuid', 'uuid'] }],
  [
    /^(instance)\./,
    {
      uuid: ['uuid'],
      user: ['action_initiator_user'],
      description: ['fault.exception_message'],
    },
  ],
  [
    /^scheduler\..*(volume)/,
    {
      uuid: ['volume_id'],
      owner: ['volume_properties.project_id', 'request_spec.volume_properties.project_id'],
      user: ['volume_properties.user_id', 'request_spec.volume_properties.user_id'],
      description: ['reason'],
    },
  ],
  [
    /^(?:scheduler|compute_task)\./,
    {
      entity: 'instance',
      uuid: [
        'instance_uuid',
        'instance_id',
        'request_spec.instance_uuid',
        'request_spec.instance_properties.uuid',
      ],
      owner: [
        'request_spec.project_id',
        'request_spec.instance_properties.project_id',
        'instance_properties.project_id',
      ],
      user: ['request_spec.user_id', 'request_spec.instance_properties.user_id'],
      description: ['reason'],
    },
  ],
  [
    /^(service|aggregate|flavor|keypair)\./,
    {
      uuid: ['uuid', 'id', 'flavorid', 'name'],
      isOperators: true,
    },
  ],
  [/^(?:libvirt|metrics|compute\.(?:exception|metrics))/, { isOperators: true }],
  [/^(volume_type)\./, { uuid: ['volume_types.id'], body: 'volume_types', isOperators: true }],
  [/^(volume_type_\w+)\./, { uuid: ['volume_type_id', 'type_id'], isOperators: true }],
  [/^(share_type)\./, { uuid: ['share_types.id'], body: 'share_types', isOperators: true }],
  [/^(volume)\./, { uuid: ['volume_id'] }],
  [/^(snapshot)\./, { uuid: ['snapshot_id'] }],
  [/^(backup)\./, { uuid: ['backup_id'] }],
  [/^(group_snapshot)\./, { uuid: ['group_snapshot_id'] }],
  [/^(group)\./, { uuid: ['group_id'] }],
  [/^(consistencygroup)\./, { uuid: ['consistencygroup_id'] }],
  [/^(cgsnapshot)\./, { uuid: ['cgsnapshot_id'] }],
  [
    /^(router)\.interface\./,
    {
      uuid: ['router_interface.id'],
      owner: ['router_interface.tenant_id', 'router_interface.project_id'],
      body: 'router_interface',
    },
  ],
  [/^(tag)\./, { uuid: ['obj_resource_id'] }],
  // Whose image it is, is not told; the member is the project that it is offered to.
  [/^(image)\.member\./, { uuid: ['image_id'], owner: ['member_id'] }],
  [/^(image)\.send$/, { uuid: ['image_id'], owner: ['owner_id'], user: ['receiver_user_id'] }],
  [
    /^(image)\.upload$/,
    {
      uuid: ['id'],
      owner: ['owner'],
      uuidInText: /\bimage ([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\b/i,
    },
  ],
  [/^(image)\./, { uuid: ['id', 'image_id'], owner: ['owner', 'owner_id'] }],
  [/^(task)\./, { uuid: ['id'], owner: ['owner'] }],
  [
    /^orchestration\.(stack)\./,
    { uuid: ['stack_identity'], user: ['user_identity'], description: ['state_reason'] },
  ],
  // The group that was scaled is no resource by itself; the stack it belongs to is.
  [
    /^orchestration\.autoscaling\./,
    {
      entity: 'stack',
      uuid: ['stack_identity'],
      user: ['user_identity'],
      description: ['message'],
    },
  ],
  [/^(lease)\./, { uuid: ['lease_id'] }],
  [/^dns\.(pool|tsigkey|blacklist|tld)\./, { uuid: ['id'], isOperators: true }],
  [/^dns\.(\w+)\./, { uuid: ['id'] }],
  [/^baremetal\.(\w+)\./, { uuid: ['uuid'], owner: ['owner', 'lessee'], lessee: 'lessee' }],
];

export function pathsOf(eventType: string): PayloadPaths {
  for (const [pattern, place] of places) {
    const match = pattern.exec(eventType);
    if (match === null) continue;
    return { ...place, entity: match[1] ?? place.entity };
  }
  return {};
}

/**
 * Paths of the resource's id in any payload; Neutron's have it under the name of the resource. Where there is a `uuid`, `id` is the
 * number of a row in the service's database.
 */
export function uuidPaths(entity: string): readonly string[] {
  const own = entity.replaceAll('-', '_');
  const named = [`${own}_uuid`, 'id', `${own}_id`, 'resource_id', 'resource_info'];
  return ['uuid', ...named, `${entity}.uuid`, `${entity}.id`];
}

export function ownerPaths(entity: string): readonly string[] {
  return ['tenant_id', 'project_id', 'owner', `${entity}.project_id`, `${entity}.tenant_id`];
}

/** Keys worth showing of a payload, and of the resource in a Neutron one; none of them tells where a resource runs. */
export const shown: readonly string[] = [
  'name',
  'display_name',
  'description',
  'type',
  'size',
  'state',
  'status',
  'action',
  'old_state',
  'state_description',
  'task_state',
  'old_task_state',
  'new_task_state',
  'power_state',
  'code',
  'exception',
  'instance_type',
  'instance_uuid',
  'volume_id',
  'volume_type',
  'image_id',
  'member_id',
  'receiver_tenant_id',
  'bytes_sent',
  'object_type',
  'object_id',
  'target_tenant',
  'target_tenant_id',
  'target_project_id',
  'obj_resource',
  'tags',
  'availability_zone',
  'network_id',
  'subnet_id',
  'port_id',
  'router_id',
  'zone_id',
  'zone_name',
  'zone_transfer_request_id',
  'security_group_id',
  'device_id',
  'device_owner',
  'cidr',
  'direction',
  'protocol',
  'port_range_min',
  'port_range_max',
  'remote_ip_prefix',
  'fixed_ip_address',
  'floating_ip_address',
  'floating_network_id',
  'disk_format',
  'container_format',
  'visibility',
  'stack_name',
  'lessee',
  'node_uuid',
  'resource_class',
  'to_power',
  'provision_state',
  'previous_provision_state',
  'target_provision_state',
  'maintenance',
  'maintenance_reason',
  'last_error',
];
