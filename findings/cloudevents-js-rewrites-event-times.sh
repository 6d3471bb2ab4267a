#!/usr/bin/env bash
# The JavaScript SDK for CloudEvents changes the time of an event that it only reads.
#
# Seen with: cloudevents 10.0.0 (npm).
# What surprises: an event is read with HTTP.toEvent and written again unchanged, yet its `time` is another text afterwards:
#   - an offset such as +02:00 is turned into UTC, so the sender's local time is lost;
#   - everything after the milliseconds is cut off, so events of one millisecond lose their order;
#   - a leap second that really took place becomes the moment of reading;
#   - an event without `time` gets the moment of reading, another one at each reading.
# What one would expect: `time` is an RFC 3339 timestamp (CloudEvents 1.0.2, Context Attributes, "time"), and RFC 3339 section 5.6 allows any
#   offset, any number of digits after the seconds, and the second 60. The attribute is optional; the specification lets the producer
#   fill in another time if the real one is unknown, but a reader is not the producer and cannot know when the event happened.
# What to know: compare times as moments, not as text; do not take `time` for the producer's word if the event passed through this SDK; take
#   the original message when microseconds, the offset or the absence of a time matter.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" cloudevents@10.0.0
cat > "$dir/run.cjs" <<'JS'
const { HTTP } = require("cloudevents");
const read = (time) => {
  const body = JSON.stringify({ specversion: "1.0", id: "1", source: "/s", type: "t", ...(time && { time }) });
  const event = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body });
  return JSON.parse(HTTP.structured(event).body).time;
};
const aroundNow = (time) => Math.abs(Date.parse(time) - Date.now()) < 60_000;
console.log("version", require("cloudevents/package.json").version);
for (const time of ["2020-01-01T12:00:00+02:00", "2020-01-01T12:00:00.123456789Z", "2016-12-31T23:59:60Z", undefined]) {
  const seen = read(time);
  console.log(time ?? "(no time)", "->", aroundNow(seen) ? "(the moment of reading)" : seen);
}
JS
cat > "$dir/expected" <<'TXT'
version 10.0.0
2020-01-01T12:00:00+02:00 -> 2020-01-01T10:00:00.000Z
2020-01-01T12:00:00.123456789Z -> 2020-01-01T12:00:00.123Z
2016-12-31T23:59:60Z -> (the moment of reading)
(no time) -> (the moment of reading)
TXT
node "$dir/run.cjs" | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
