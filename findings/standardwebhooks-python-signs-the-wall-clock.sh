#!/usr/bin/env bash
# The Python library of Standard Webhooks ignores the time zone of the time that it signs.
#
# Seen with: standardwebhooks 1.1.0 (PyPI), compared with standardwebhooks 1.1.1 (npm).
# What surprises: sign() is given a datetime with a zone, so the moment is beyond doubt, but it takes the wall clock's digits and calls them UTC. The same
#   moment therefore has another signature for each zone, and only the one in UTC is valid. A sender that uses datetime.now().astimezone() works in London in
#   winter and on servers set to UTC, and fails everywhere else.
# What one would expect: Standard Webhooks 1.0.0, "Webhook headers" and "Signature scheme": the timestamp is a number of seconds since the epoch, and it is
#   part of what is signed. Python's own datetime.timestamp() gives the same number for one moment in all zones, and the JavaScript library signs the
#   moment. Upstream knows it: standard-webhooks/standard-webhooks#251.
# What to know: hand over datetime.now(timezone.utc), or convert with .astimezone(timezone.utc) first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" standardwebhooks@1.1.1
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check standardwebhooks==1.1.0
cat > "$dir/run.py" <<'PY'
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
webhook = Webhook("whsec_" + "c2VjcmV0" * 4)
print("version", version("standardwebhooks"), "(PyPI)")
moment = datetime(2024, 1, 1, 12, 0, tzinfo=timezone.utc)
for hours in (0, 2, -5):
    local = moment.astimezone(timezone(timedelta(hours=hours)))
    print(local.isoformat(), int(local.timestamp()), webhook.sign("m", local, "{}"))
now = datetime.now(timezone.utc)
for hours in (0, 2):
    local = now.astimezone(timezone(timedelta(hours=hours)))
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(local.timestamp())), "webhook-signature": webhook.sign("m", local, "{}")}
    try:
        webhook.verify("{}", headers)
        print(f"signed now at UTC+{hours}: valid")
    except WebhookVerificationError as error:
        print(f"signed now at UTC+{hours}: {error}")
PY
cat > "$dir/run.cjs" <<'JS'
const { Webhook } = require("standardwebhooks");
console.log("version", require("standardwebhooks/package.json").version, "(npm)");
for (const time of ["2024-01-01T12:00:00+00:00", "2024-01-01T14:00:00+02:00", "2024-01-01T07:00:00-05:00"])
  console.log(time, Date.parse(time) / 1000, new Webhook(`whsec_${"c2VjcmV0".repeat(4)}`).sign("m", new Date(time), "{}"));
JS
cat > "$dir/expected" <<'TXT'
version 1.1.0 (PyPI)
2024-01-01T12:00:00+00:00 1704110400 v1,3+QqUUIQJZ0cKmk0+OV/kphT5RaLqMCLK9D5oz+yYP0=
2024-01-01T14:00:00+02:00 1704110400 v1,N/A278Y251B1PjaQyMfvzEyPq/Vyf7HSRYDfRaWW+I4=
2024-01-01T07:00:00-05:00 1704110400 v1,/DZiVYMt0S2uKnkGrRnFAuvivQ7skZtDGn+UoRwNhBE=
signed now at UTC+0: valid
signed now at UTC+2: No matching signature found
version 1.1.1 (npm)
2024-01-01T12:00:00+00:00 1704110400 v1,3+QqUUIQJZ0cKmk0+OV/kphT5RaLqMCLK9D5oz+yYP0=
2024-01-01T14:00:00+02:00 1704110400 v1,3+QqUUIQJZ0cKmk0+OV/kphT5RaLqMCLK9D5oz+yYP0=
2024-01-01T07:00:00-05:00 1704110400 v1,3+QqUUIQJZ0cKmk0+OV/kphT5RaLqMCLK9D5oz+yYP0=
TXT
{
  "$dir/venv/bin/python" "$dir/run.py"
  node "$dir/run.cjs"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
