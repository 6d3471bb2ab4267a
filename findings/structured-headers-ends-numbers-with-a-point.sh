#!/usr/bin/env bash
# A number that rounds to a whole one is written as "1." by the structured fields library of npm, which no parser accepts, not even its own.
#
# Seen with: structured-headers 2.1.0 (npm), compared with http_sfv 0.9.9 (PyPI).
# What surprises: 1.5 becomes "1.5" and 1 becomes "1", but 0.9999 becomes "1." and 0.0001 becomes "0.". This needs no odd input: 4.35 * 100 is
#   434.99999999999994 in JavaScript and becomes "435.". A header of times or shares that are computed is therefore wrong now and then.
# What one would expect: "1.0". RFC 9651, section 4.1.5 (Serializing a Decimal) first rounds to three places, and then appends a zero to the point if nothing
#   is left of the fraction. Section 4.2.4 makes parsers fail if a point is the last character, and then the whole header is ignored.
# What to know: round to three places before handing a number over: Math.round(x * 1000) / 1000 (a whole number is then sent as an integer).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" structured-headers@2.1.0
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check http_sfv==0.9.9
cat > "$dir/run.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { parseItem, serializeItem } from "structured-headers";
console.log("structured-headers", JSON.parse(readFileSync(new URL("node_modules/structured-headers/package.json", import.meta.url))).version);
for (const number of [1.5, 1, 0.9999, 0.0001, 4.35 * 100]) {
  const text = serializeItem([number, new Map()]);
  let again = "read back";
  try {
    parseItem(text);
  } catch {
    again = "cannot be read back";
  }
  console.log(number, "->", text, again);
}
JS
cat > "$dir/run.py" <<'PY'
from importlib.metadata import version
import http_sfv
print("http_sfv", version("http_sfv"))
for number in (1.5, 0.9999, 0.0001, 4.35 * 100):
    print(number, "->", http_sfv.Item(number))
PY
cat > "$dir/expected" <<'TXT'
structured-headers 2.1.0
1.5 -> 1.5 read back
1 -> 1 read back
0.9999 -> 1. cannot be read back
0.0001 -> 0. cannot be read back
434.99999999999994 -> 435. cannot be read back
http_sfv 0.9.9
1.5 -> 1.5
0.9999 -> 1.0
0.0001 -> 0.0
434.99999999999994 -> 435.0
TXT
{
  node "$dir/run.mjs"
  "$dir/venv/bin/python" "$dir/run.py"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
