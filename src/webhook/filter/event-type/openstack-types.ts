/**
 * Event types of OpenStack's services, without what they send periodically (`*.exists`), which is not recorded unless asked for.
 *
 * Source: the notifications that nova (legacy and versioned), cinder, neutron, glance, keystone, heat, designate, ironic and
 * manila document or send; recordings of them.
 */
import { cross, spellOut } from './spell-out.ts';

const startAndEnd = ['start', 'end'];
const withError = [...startAndEnd, 'error'];

const nova = [
  ...cross(
    spellOut({
      'compute.instance':
        'create delete soft_delete force_delete restore reboot rebuild evacuate resize resize.prep resize.confirm resize.revert finish_resize power_off power_on pause unpause suspend resume rescue unrescue shelve shelve_offload unshelve shutdown snapshot trigger_crash_dump live_migration.pre live_migration.post.dest live_migration._post live_migration._rollback volume.attach volume.detach',
      instance:
        'create delete soft_delete restore reboot rebuild evacuate resize resize_prep resize_confirm resize_revert resize_finish power_off power_on pause unpause suspend resume rescue unrescue shelve shelve_offload unshelve shutdown snapshot trigger_crash_dump live_migration_pre live_migration_post live_migration_post_dest live_migration_rollback live_migration_rollback_dest live_migration_abort live_migration_force_complete interface_attach interface_detach volume_attach volume_detach volume_swap',
    }),
    withError,
  ),
  ...spellOut({
    'compute.instance': 'update',
    instance: 'update lock unlock',
    service: 'create update delete',
    flavor: 'create update delete',
    server_group: 'create delete add_member',
  }),
  ...cross(
    spellOut({
      aggregate: 'create delete add_host remove_host update_metadata update_prop cache_images',
      keypair: 'create delete import',
    }),
    startAndEnd,
  ),
];

const cinder = [
  ...cross(
    spellOut({
      volume:
        'create delete attach detach resize update retype migrate revert reset_status transfer.create transfer.accept transfer.delete',
      snapshot: 'create delete update reset_status',
      backup: 'create delete restore reset_status',
      group: 'create delete update',
      group_snapshot: 'create delete',
      consistencygroup: 'create delete update',
      cgsnapshot: 'create delete',
    }),
    startAndEnd,
  ),
  'scheduler.create_volume',
];

const networkResources =
  'network subnet subnetpool port router floatingip floatingip_port_forwarding security_group security_group_rule address_group address_scope rbac_policy trunk qos_policy network_ip_availability firewall_group firewall_policy firewall_rule vpnservice ikepolicy ipsecpolicy ipsec_site_connection bgp_speaker bgp_peer tag'.split(
    ' ',
  );
const neutron = [
  ...cross(cross(networkResources, ['create', 'update', 'delete']), startAndEnd),
  'router.interface.create',
  'router.interface.delete',
];

const identities =
  'user group project domain role region service endpoint policy credential application_credential trust'.split(
    ' ',
  );
const keystone = [
  ...cross(
    identities.map(name => `identity.${name}`),
    ['created', 'updated', 'deleted'],
  ),
  ...spellOut({
    identity:
      'authenticate project.disabled domain.disabled user.disabled role_assignment.created role_assignment.deleted',
  }),
];

const others = [
  ...spellOut({
    volume_type: 'create update delete',
    share_type: 'create update delete',
    image: 'create prepare upload activate update delete send',
    'image.member': 'create update delete',
    task: 'create run processing success failure',
    'dns.zone': 'create update delete',
    'dns.recordset': 'create update delete',
    'dns.zone_transfer_request': 'create update delete',
    'dns.zone_transfer_accept': 'create',
    'dns.tsigkey': 'create update delete',
    'dns.blacklist': 'create update delete',
    'dns.tld': 'create update delete',
    'dns.pool': 'create update delete',
  }),
  ...cross(
    spellOut({
      'orchestration.stack':
        'create update delete suspend resume check snapshot restore abandon adopt',
      'baremetal.node': 'create update delete maintenance_set power_set provision_set console_set',
      'baremetal.port': 'create update delete',
      'baremetal.portgroup': 'create update delete',
      'baremetal.chassis': 'create update delete',
      'baremetal.allocation': 'create update delete',
      share: 'create delete extend shrink',
    }),
    withError,
  ),
];

export const openstackTypes: readonly string[] = [
  ...nova,
  ...cinder,
  ...neutron,
  ...keystone,
  ...others,
];
