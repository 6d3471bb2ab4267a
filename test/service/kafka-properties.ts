import type { Certificate } from './certificate.ts';

export interface KafkaLayout {
  readonly home: string;
  /** Listened on; clients are told 127.0.0.1. */
  readonly host: string;
  readonly ports: {
    readonly plain: number;
    readonly controller: number;
    readonly sasl: number;
    readonly tls: number;
  };
  readonly login?: { readonly username: string; readonly password: string };
  readonly certificate?: Certificate;
  /** Permissions are asked for of who logs in, and topics are created by being used. */
  readonly isRestricted: boolean;
}

/** The `server.properties` of a single node with a listener for each way to connect. */
export function kafkaProperties(layout: KafkaLayout): string {
  const { home, host, ports, login, certificate, isRestricted } = layout;
  const listeners: [string, string, number][] = [['PLAIN', 'PLAINTEXT', ports.plain]];
  if (login) listeners.push(['LOGIN', 'SASL_PLAINTEXT', ports.sasl]);
  if (certificate) listeners.push(['TLS', 'SSL', ports.tls]);
  const controller = ['CONTROLLER', 'PLAINTEXT', ports.controller] as const;
  const all = [...listeners, controller];
  return properties({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAIN',
    listeners: all.map(([name, , port]) => `${name}://${host}:${port}`).join(),
    'advertised.listeners': listeners.map(([name, , port]) => `${name}://127.0.0.1:${port}`).join(),
    'listener.security.protocol.map': all.map(([name, protocol]) => `${name}:${protocol}`).join(),
    'log.dirs': `${home}/data`,
    'auto.create.topics.enable': String(isRestricted),
    'offsets.topic.num.partitions': '3',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '3',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // A group is complete when its first member comes: nobody waits for more of them.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // After a crash the node waits until its former self has been given up.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'message.max.bytes': '16777216',
    ...(isRestricted ? restrictions : {}),
    ...(login ? loginProperties(login) : {}),
    ...(certificate ? tlsProperties(home) : {}),
  });
}

const restrictions = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};

function loginProperties(login: { username: string; password: string }): Record<string, string> {
  const security = 'org.apache.kafka.common.security';
  const { username, password } = login;
  const scram = `${security}.scram.ScramLoginModule required;`;
  return {
    'listener.name.login.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.login.plain.sasl.jaas.config': `${security}.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.login.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.login.scram-sha-512.sasl.jaas.config': scram,
  };
}

function tlsProperties(home: string): Record<string, string> {
  return { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': `${home}/server.pem` };
}

function properties(entries: Record<string, string>): string {
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
