#!/usr/bin/env bash
# A negative decimal in a message's headers arrives in Node as a large positive one.
#
# Seen with: amqplib 2.3.1 (npm), reading what amqp 5.4.2 (PyPI, the client below kombu and oslo.messaging) writes.
# What surprises: Python sends Decimal("-0.25") as two places and the digits -25. amqplib reads the digits without a sign: 4294967271, so the amount becomes
#   42949672.71. Positive decimals are right, whole negative numbers are right, and Python itself reads -0.25 back.
# What one would expect: -25. AMQP 0-9-1, section 4.2.5.5 (Field Tables), says in its text that a decimal is one octet for the number of places followed by a
#   signed long integer. The formal grammar of the same specification calls it long-uint, which may be why libraries differ: gmr/pamqp#65 was the same
#   mistake in another one, and is fixed.
# What to know: in Node, take the digits modulo 2^32 (`digits | 0`) if a header may be negative. amqplib cannot send a negative decimal either.
#
# amqplib exports no codec, so the script loads the file by its path; it is what decodes the headers of each delivered message.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" amqplib@2.3.1
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check amqp==5.4.2
cat > "$dir/write.py" <<'PY'
from decimal import Decimal
from importlib.metadata import version
from amqp.serialization import dumps, loads
print("amqp", version("amqp"))
for value in (Decimal("0.25"), Decimal("-0.25"), -25):
    table = dumps("F", [{"amount": value}])
    print(value, "sent as", table.hex(), "and read by Python as", loads("F", table, 0)[0][0]["amount"])
PY
cat > "$dir/read.cjs" <<'JS'
const { decodeFields } = require(`${__dirname}/node_modules/amqplib/lib/codec.js`);
console.log("amqplib", JSON.parse(require("fs").readFileSync(`${__dirname}/node_modules/amqplib/package.json`)).version);
for (const [, value, hex] of require("fs").readFileSync(0, "utf8").matchAll(/^(\S+) sent as (\S+)/gm)) {
  const { amount } = decodeFields(Buffer.from(hex, "hex").subarray(4));
  console.log(value, "read by Node as", JSON.stringify(amount));
}
JS
cat > "$dir/expected" <<'TXT'
amqp 5.4.2
0.25 sent as 0000000d06616d6f756e74440200000019 and read by Python as 0.25
-0.25 sent as 0000000d06616d6f756e744402ffffffe7 and read by Python as -0.25
-25 sent as 0000000c06616d6f756e7449ffffffe7 and read by Python as -25
amqplib 2.3.1
0.25 read by Node as {"!":"decimal","value":{"places":2,"digits":25}}
-0.25 read by Node as {"!":"decimal","value":{"places":2,"digits":4294967271}}
-25 read by Node as -25
TXT
"$dir/venv/bin/python" "$dir/write.py" > "$dir/sent"
{
  cat "$dir/sent"
  node "$dir/read.cjs" < "$dir/sent"
} | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
