"""Notifies as running OpenStack services do, by oslo.messaging itself, until the standard input ends.

Reads one line {"url": ..., "perSecond": ..., "services": [{"exchange", "topics", "durable"}, ...]} and prints, for each
notification that the broker has confirmed, a line {"service": <exchange>, "number": ..., "at": <milliseconds>}. Each
service has a connection of its own, and waits for the broker as long as it is away.

Source: oslo.messaging, notify/notifier.py and _drivers/impl_rabbit.py (options amqp_durable_queues, retry).
"""
import json
import sys
import threading
import time
import warnings

warnings.simplefilter('ignore')

import oslo_messaging
from oslo_config import cfg

lock = threading.Lock()


def main():
    order = json.loads(sys.stdin.readline())
    over = threading.Event()
    threads = [
        threading.Thread(target=run, args=(open_notifier(order['url'], told), told['exchange'],
                                           1 / order['perSecond'], over))
        for told in order['services']]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()


def run(notifier, service, pause, over):
    number = 0
    while not over.is_set():
        notifier.info({}, 'compute.instance.create.end',
                      {'instance_id': '%s/%d' % (service, number), 'tenant_id': 'tenant'})
        with lock:
            print(json.dumps({'service': service, 'number': number,
                              'at': int(time.time() * 1000)}), flush=True)
        number += 1
        over.wait(pause)


def open_notifier(url, told):
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    oslo_messaging.set_transport_defaults(told['exchange'])
    transport = oslo_messaging.get_notification_transport(conf, url=url)
    conf.set_override('amqp_durable_queues', told['durable'], group='oslo_messaging_rabbit')
    return oslo_messaging.Notifier(
        transport, publisher_id='compute.cmp-01', driver='messagingv2', topics=told['topics'])


main()
