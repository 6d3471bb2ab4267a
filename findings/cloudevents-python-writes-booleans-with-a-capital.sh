#!/usr/bin/env bash
# The Python SDK for CloudEvents writes the boolean true as "True" when an attribute becomes a header.
#
# Seen with: cloudevents 2.2.0 (PyPI), binary content mode over HTTP, Kafka and RabbitMQ; structured mode writes JSON's true.
# What surprises: the text is Python's own spelling. A relay that reads a structured event with `"sampled": true` and passes it on in binary mode
#   changes it on the way, and a receiver that follows the specification finds neither of the two words that a boolean can have. The SDK does not turn it back
#   either: it reads the text "True", which counts as true in Python, and so does the text "False".
# What one would expect: CloudEvents 1.0.2, Type System: the string encoding of a Boolean is `true` or `false`, and case matters. The HTTP binding,
#   section 3.1.3.2, builds header values from that encoding; the Kafka binding, section 3.2.3, wants header values to be strings.
# What to know: receivers compare such extensions without regard to case; Python senders that use binary mode set the text "true" themselves.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check cloudevents==2.2.0
cat > "$dir/run.py" <<'PY'
from importlib.metadata import version
from cloudevents.core.bindings import http, kafka, rabbitmq
body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","sampled":true,"final":false}'
event = http.from_http_event(http.HTTPMessage({"content-type": "application/cloudevents+json"}, body))
print("version", version("cloudevents"))
print("read from JSON:", repr(event.get_extension("sampled")), repr(event.get_extension("final")))
binary = http.to_binary_event(event)
print("HTTP headers:", binary.headers["ce-sampled"], binary.headers["ce-final"])
headers = kafka.to_binary_event(event).headers
print("Kafka headers:", headers["ce_sampled"].decode(), headers["ce_final"].decode())
headers = rabbitmq.to_binary_event(event).headers
print("RabbitMQ headers:", headers["ce-sampled"], headers["ce-final"])
again = http.from_http_event(binary)
print("read from HTTP headers:", repr(again.get_extension("sampled")), repr(again.get_extension("final")))
PY
cat > "$dir/expected" <<'TXT'
version 2.2.0
read from JSON: True False
HTTP headers: True False
Kafka headers: True False
RabbitMQ headers: True False
read from HTTP headers: 'True' 'False'
TXT
"$dir/venv/bin/python" "$dir/run.py" | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
