#!/usr/bin/env bash
# A Liquid template prints "None" and "True" in Python as soon as a null or a boolean is the argument of a filter or goes through one.
#
# Seen with: python-liquid 2.3.6 (PyPI), compared with liquidjs 10.30.1 (npm).
# What surprises: the same engine prints null as nothing and true as "true" when they stand alone. Only filters see Python's spelling, so `append`,
#   `prepend`, `replace` and `join` put the word None into the text for a field that is null, while for a field that is absent they put nothing. Data with
#   optional fields therefore looks right until the first null arrives.
# What one would expect: Liquid's documentation, "Types", has nil as a value that prints nothing, and the README of python-liquid says that it follows
#   Shopify's Liquid closely. The engine does so where a value stands alone. liquidjs once printed "null" in the same place (harttle/liquidjs#142), which
#   was treated as a bug and fixed.
# What to know: give a value that may be null a default before it becomes an argument: {% assign tail = note | default: '' %}, then append: tail; choose the
#   words for a boolean with if.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" liquidjs@10.30.1
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check python-liquid==2.3.6
cat > "$dir/templates.json" <<'JSON'
["{{ note }}", "{{ yes }}", "{{ 'vm' | append: absent }}", "{{ 'vm' | append: note }}", "{{ 'vm' | prepend: note }}",
 "{{ 'a-b' | replace: '-', note }}", "{{ list | join: '/' }}", "{{ yes | append: '' }}", "{{ 'is ' | append: yes }}",
 "{% assign tail = note | default: '' %}{{ 'vm' | append: tail }}"]
JSON
echo '{ "note": null, "yes": true, "list": [1, null, true] }' > "$dir/data.json"
cat > "$dir/run.py" <<'PY'
import json, os
from importlib.metadata import version
from liquid import render
here = os.path.dirname(__file__)
print("python-liquid", version("python-liquid"))
for text in json.load(open(here + "/templates.json")):
    print(text, "->", json.dumps(render(text, **json.load(open(here + "/data.json")))))
PY
cat > "$dir/run.cjs" <<'JS'
const { Liquid } = require("liquidjs");
console.log("liquidjs", require("liquidjs/package.json").version);
const engine = new Liquid();
for (const text of require("./templates.json"))
  console.log(text, "->", JSON.stringify(engine.parseAndRenderSync(text, structuredClone(require("./data.json")))));
JS
cat > "$dir/expected" <<'TXT'
python-liquid 2.3.6
{{ note }} -> ""
{{ yes }} -> "true"
{{ 'vm' | append: absent }} -> "vm"
{{ 'vm' | append: note }} -> "vmNone"
{{ 'vm' | prepend: note }} -> "Nonevm"
{{ 'a-b' | replace: '-', note }} -> "aNoneb"
{{ list | join: '/' }} -> "1/None/True"
{{ yes | append: '' }} -> "True"
{{ 'is ' | append: yes }} -> "is True"
{% assign tail = note | default: '' %}{{ 'vm' | append: tail }} -> "vm"
liquidjs 10.30.1
{{ note }} -> ""
{{ yes }} -> "true"
{{ 'vm' | append: absent }} -> "vm"
{{ 'vm' | append: note }} -> "vm"
{{ 'vm' | prepend: note }} -> "vm"
{{ 'a-b' | replace: '-', note }} -> "ab"
{{ list | join: '/' }} -> "1//true"
{{ yes | append: '' }} -> "true"
{{ 'is ' | append: yes }} -> "is true"
{% assign tail = note | default: '' %}{{ 'vm' | append: tail }} -> "vm"
TXT
{
  "$dir/venv/bin/python" "$dir/run.py"
  node "$dir/run.cjs"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
