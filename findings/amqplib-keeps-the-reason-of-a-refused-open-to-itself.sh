#!/usr/bin/env bash
# Why the broker refuses a virtual host never reaches whoever connects with amqplib.
#
# Seen with: amqplib 2.3.1 (npm).
# What surprises: a broker that refuses `connection.open` sends `connection.close` with a code and a sentence: 530 and "NOT_ALLOWED - vhost lab not found", or
#   "access to vhost 'lab' refused for user 'app'". amqplib rejects with "Expected ConnectionOpenOk; got <ConnectionClose channel:0>". Neither the code nor the
#   sentence is in the message, nor in any property of the error. When the same broker closes a connection that is open already, both are there.
# What one would expect: the reply code and text, as for an open connection. AMQP 0-9-1, section 1.4.2.6 and following (connection.open, connection.close): the
#   peer says the reason in reply-code and reply-text.
# What to know: a typing error in the virtual host, one that was never created, and a missing permission all look the same. The broker's log has the reason.
#
# The broker's side is the four frames that the specification has for it, byte for byte; RabbitMQ sends the same.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" amqplib@2.3.1
cat > "$dir/try.cjs" <<'JS'
const { createServer } = require("node:net");
const { inspect } = require("node:util");
const amqplib = require(`${__dirname}/node_modules/amqplib`);
const u16 = n => Buffer.from([n >> 8, n & 255]);
const u32 = n => Buffer.concat([u16(n >>> 16), u16(n & 65535)]);
const short = text => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const long = text => Buffer.concat([u32(text.length), Buffer.from(text)]);
const frame = (method, ...args) => {
  const payload = Buffer.concat([u16(10), u16(method), ...args]);
  return Buffer.concat([Buffer.from([1]), u16(0), u32(payload.length), payload, Buffer.from([206])]);
};
const start = frame(10, Buffer.from([0, 9]), u32(0), long("PLAIN"), long("en_US"));
const tune = frame(30, u16(0), u32(131072), u16(0));
const openOk = frame(41, short(""));
const close = frame(50, u16(530), short("NOT_ALLOWED - vhost lab not found"), u16(10), u16(40));
// Answers the header, start-ok, then tune-ok and open, which may come together.
const broker = opens =>
  createServer(socket => {
    let seen = 0;
    socket.on("error", () => {});
    socket.on("data", data => {
      seen += data.toString("latin1").startsWith("AMQP") ? 1 : data.toString("latin1").split("\xce").length - 1;
      if (seen === 1) socket.write(start);
      else if (seen === 2) socket.write(tune);
      else if (seen === 4) {
        if (opens) socket.write(openOk);
        setTimeout(() => socket.write(close), opens ? 200 : 0);
      }
    });
  });
const told = error => `code ${error.code}, 530 anywhere: ${/530/.test(inspect(error, { depth: 5 }).replace(/\d+:\d+\)/g, ""))}, message: ${error.message}`;
const main = async () => {
  console.log("amqplib", require(`${__dirname}/node_modules/amqplib/package.json`).version);
  for (const opens of [false, true]) {
    const server = broker(opens);
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    const url = `amqp://127.0.0.1:${server.address().port}/lab`;
    const said = await new Promise(resolve => {
      amqplib.connect(url).then(connection => connection.on("error", resolve), resolve);
    });
    console.log(opens ? "closed when open:" : "refused to open:", told(said));
    server.close();
  }
  process.exit(0);
};
main();
JS
cat > "$dir/expected" <<'TXT'
amqplib 2.3.1
refused to open: code undefined, 530 anywhere: false, message: Expected ConnectionOpenOk; got <ConnectionClose channel:0>
closed when open: code 530, 530 anywhere: true, message: Connection closed: 530 (NOT-ALLOWED) with message "NOT_ALLOWED - vhost lab not found"
TXT
node "$dir/try.cjs" | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
