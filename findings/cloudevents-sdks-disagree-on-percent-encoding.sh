#!/usr/bin/env bash
# An event's subject changes on its way from the Python SDK for CloudEvents to the JavaScript one, and on the way back.
#
# Seen with: cloudevents 2.2.0 (PyPI) and cloudevents 10.0.0 (npm), HTTP, binary content mode.
# What surprises: Python percent-encodes attributes in headers and decodes them; JavaScript does neither. So a subject with a space or a percent
#   sign arrives in JavaScript with its escapes, and a subject that contains "%2F" as plain text arrives in Python with a slash. Nobody
#   reports an error. In structured mode the same subject arrives unchanged.
# What one would expect: the same subject on both sides. The HTTP protocol binding 1.0.2, section 3.1.3.2 (HTTP Header Values), requires
#   that space, double quote, percent and everything outside of printable ASCII is percent-encoded by the sender and decoded by the receiver. The
#   issue cloudevents/spec#1397 has the same for Go and Java.
# What to know: between SDKs of different languages use structured mode, or keep attributes free of these characters. The JavaScript receiver cannot
#   simply decode by itself: it cannot tell whether the sender encoded.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" cloudevents@10.0.0
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check cloudevents==2.2.0
cat > "$dir/write.py" <<'PY'
import json, sys
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
event = CloudEvent({"id": "1", "source": "/s", "type": "t", "subject": "disk 2 at 50%", "datacontenttype": "application/json"}, {})
write = to_binary_event if sys.argv[1] == "binary" else to_structured_event
message = write(event)
print(json.dumps({"headers": message.headers, "body": message.body.decode()}))
PY
cat > "$dir/read.py" <<'PY'
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
message = json.load(sys.stdin)
print("JavaScript to Python, binary:", from_http_event(HTTPMessage(message["headers"], message["body"].encode())).get_subject())
PY
cat > "$dir/read.cjs" <<'JS'
const { HTTP } = require("cloudevents");
const message = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(`Python to JavaScript, ${process.argv[2]}:`, HTTP.toEvent(message).subject);
JS
cat > "$dir/write.cjs" <<'JS'
const { CloudEvent, HTTP } = require("cloudevents");
const event = new CloudEvent({ id: "1", source: "/s", type: "t", subject: "rule a%2Fb", datacontenttype: "application/json", data: {} });
const { headers, body } = HTTP.binary(event);
console.log(JSON.stringify({ headers, body }));
JS
cat > "$dir/expected" <<'TXT'
versions 2.2.0 (PyPI), 10.0.0 (npm)
sent by Python: disk 2 at 50%
Python to JavaScript, binary: disk%202%20at%2050%25
Python to JavaScript, structured: disk 2 at 50%
sent by JavaScript: rule a%2Fb
JavaScript to Python, binary: rule a/b
TXT
py="$dir/venv/bin/python"
{
  echo "versions $("$py" -c 'from importlib.metadata import version; print(version("cloudevents"))') (PyPI)," \
    "$(cd "$dir" && node -p 'require("cloudevents/package.json").version') (npm)"
  echo 'sent by Python: disk 2 at 50%'
  "$py" "$dir/write.py" binary | node "$dir/read.cjs" binary
  "$py" "$dir/write.py" structured | node "$dir/read.cjs" structured
  echo 'sent by JavaScript: rule a%2Fb'
  node "$dir/write.cjs" | "$py" "$dir/read.py"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
