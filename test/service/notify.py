"""Publishes notifications as OpenStack's services do, by oslo.messaging itself.

Reads {"url": ..., "notifications": [...]} from the standard input, where each notification has exchange, driver, topics,
priority, publisher, event_type, payload and context (null, or the arguments of oslo.context's RequestContext), and
prints the message_id of each, in a line of JSON each.

Source: oslo.messaging, notify/notifier.py; nova/rpc.py and neutron_lib/rpc.py, which set the exchange.
"""
import json
import sys
import warnings

warnings.simplefilter('ignore')

import oslo_messaging
from oslo_config import cfg
from oslo_context import context


def main():
    order = json.load(sys.stdin)
    notifiers = {}
    for told in order['notifications']:
        key = (told['exchange'], told['driver'], tuple(told['topics']), told['publisher'])
        if key not in notifiers:
            notifiers[key] = open_notifier(order['url'], told)
        notifier, ids = notifiers[key][1:]
        about = told['context']
        ctx = context.RequestContext(**about) if about is not None else {}
        getattr(notifier, told['priority'])(ctx, told['event_type'], told['payload'])
        print(json.dumps({'message_id': ids[-1]}))
    # Kafka's driver publishes in the background until then.
    for transport, _, _ in notifiers.values():
        transport.cleanup()


def open_notifier(url, told):
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    oslo_messaging.set_transport_defaults(told['exchange'])
    transport = oslo_messaging.get_notification_transport(conf, url=url)
    notifier = oslo_messaging.Notifier(
        transport, publisher_id=told['publisher'], driver=told['driver'], topics=told['topics'])
    ids = []

    # Only looks on: what is published is oslo.messaging's own doing.
    for extension in notifier._driver_mgr:
        real = extension.obj.notify

        def notify(ctxt, message, priority, retry, real=real):
            ids.append(message['message_id'])
            return real(ctxt, message, priority, retry)

        extension.obj.notify = notify
    return transport, notifier, ids


main()
