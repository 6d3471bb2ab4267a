#!/usr/bin/env bash
# JSONata's % drops the fraction in Python: 90.5 % 60 is 30 there, and 30.5 in JavaScript.
#
# Seen with: jsonata-python 0.7.1 (PyPI), compared with jsonata 1.8.9 (npm, the reference implementation).
# What surprises: both operands are cut to whole numbers first, the divisor too, so 7.9 % 3.9 is 0 and not 0.1. All other operators keep fractions, and
#   so does Python's own %. Nothing is reported: an expression that was tried out in one language gives another number in the other.
# What one would expect: JSONata's documentation, "Numeric Operators", wants the quotient of % to be whole, not its operands, which may be any numbers: 60 fits
#   once into 90.5, and 30.5 remain. The README of jsonata-python promises all features of the language.
# What to know: write x - y * $floor(x / y) for a positive x and y; it is the same in both.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" jsonata@1.8.9
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check jsonata-python==0.7.1
cat > "$dir/expressions.json" <<'JSON'
["90.5 % 60", "0.75 % 1", "-5.5 % 2", "7.9 % 3.9 > 0", "7 % 4", "90.5 / 2", "90.5 - 60 * $floor(90.5 / 60)"]
JSON
cat > "$dir/run.py" <<'PY'
import json, os
from importlib.metadata import version
from jsonata import Jsonata
print("jsonata-python", version("jsonata-python"))
for text in json.load(open(os.path.dirname(__file__) + "/expressions.json")):
    print(text, "=", json.dumps(Jsonata(text).evaluate(None)))
PY
cat > "$dir/run.cjs" <<'JS'
const jsonata = require("jsonata");
console.log("jsonata", require("jsonata/package.json").version);
for (const text of require("./expressions.json")) console.log(text, "=", JSON.stringify(jsonata(text).evaluate(null)));
JS
cat > "$dir/expected" <<'TXT'
jsonata-python 0.7.1
90.5 % 60 = 30
0.75 % 1 = 0
-5.5 % 2 = -1
7.9 % 3.9 > 0 = false
7 % 4 = 3
90.5 / 2 = 45.25
90.5 - 60 * $floor(90.5 / 60) = 30.5
jsonata 1.8.9
90.5 % 60 = 30.5
0.75 % 1 = 0.75
-5.5 % 2 = -1.5
7.9 % 3.9 > 0 = true
7 % 4 = 3
90.5 / 2 = 45.25
90.5 - 60 * $floor(90.5 / 60) = 30.5
TXT
{
  "$dir/venv/bin/python" "$dir/run.py"
  node "$dir/run.cjs"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
