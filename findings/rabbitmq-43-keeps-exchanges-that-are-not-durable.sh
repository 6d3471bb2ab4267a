#!/usr/bin/env bash
# An exchange declared as not durable survives a restart of RabbitMQ 4.3, with its bindings; a queue declared so does not.
#
# Seen with: RabbitMQ 4.3.6 of Debian sid, as against 4.0.5 of Debian trixie.
# What surprises: on one node that is stopped and started again, 4.0 has forgotten exchange, binding and queue. 4.3 answers passive declarations of the
#   exchange, routes what is published to it into the durable queue that was bound, and has forgotten the queue that was not durable.
# What one would expect: both gone, as AMQP 0-9-1 has it under exchange.declare and queue.declare: what is not durable ends with the server's process.
# What to know: it is the better outcome for who consumes from exchanges of others (oslo.messaging declares its own as not durable), but code that takes
#   the absence of such an exchange as the sign of a restart notices none, and names left behind by their owners stay for good.
#
# Needs root and the Debian archive: packages are unpacked into the temporary folder and run with it as their root directory.
set -euo pipefail
dir=$(mktemp -d)
broker=
stop() { [ -z "$broker" ] || { kill -KILL -- "-$broker"; wait "$broker" || true; } 2>/dev/null; broker=; }
trap 'stop; rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" amqplib@2.3.1
cat > "$dir/try.cjs" <<'JS'
const amqplib = require(`${__dirname}/node_modules/amqplib`);
const connect = async () => {
  for (let left = 300; ; left -= 1) {
    const found = await amqplib.connect("amqp://guest:guest@127.0.0.1:35672").catch(error => error);
    if (!(found instanceof Error)) return found;
    if (left === 0) throw found;
    await new Promise(resolve => setTimeout(resolve, 200));
  }
};
const main = async () => {
  const connection = await connect();
  connection.on("error", () => {});
  const channel = await connection.createChannel();
  if (process.argv[2] === "before") {
    await channel.assertExchange("passing", "topic", { durable: false });
    await channel.assertQueue("lasting", { durable: true });
    await channel.bindQueue("lasting", "passing", "#");
    await channel.assertQueue("passing", { durable: false });
  } else {
    const has = async ask => {
      const asking = await connection.createChannel();
      asking.on("error", () => {});
      return ask(asking).then(() => "still there", () => "gone");
    };
    const exchange = await has(one => one.checkExchange("passing"));
    console.log("  exchange:", exchange);
    console.log("  queue:", await has(one => one.checkQueue("passing")));
    if (exchange === "still there") {
      const confirmed = await connection.createConfirmChannel();
      confirmed.publish("passing", "a", Buffer.from("x"));
      await confirmed.waitForConfirms();
      console.log("  messages through its binding:", (await channel.checkQueue("lasting")).messageCount);
    }
  }
  await connection.close();
};
main();
JS
# $1 is a suite of Debian: its RabbitMQ and all that it needs, as for a machine on which nothing is installed.
unpack() {
  local base="$dir/$1-packages" root="$dir/$1"
  mkdir -p "$base/lists/partial" "$base/archives/partial" "$root"
  awk 'BEGIN { RS = ""; ORS = "\n\n" } /Suites:[^\n]*-updates/' /etc/apt/sources.list.d/debian.sources |
    sed "s/^Suites:.*/Suites: $1/" > "$base/suite.sources"
  local apt=(apt-get -qq -y -o "Dir::Etc::sourcelist=$base/suite.sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$base/lists"
    -o Dir::State::status=/dev/null -o "Dir::Cache=$base" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  "${apt[@]}" --no-install-recommends --download-only install '?essential' "rabbitmq-server=$2" > /dev/null
  dpkg-deb -x "$base"/archives/base-files_*.deb "$root"
  for deb in "$base"/archives/*.deb; do dpkg-deb -x "$deb" "$root"; done
  rm -r "$base"
  echo '127.0.0.1 localhost' > "$root/etc/hosts"
  mkdir -p "$root/node"
  printf '%s\n' 'listeners.tcp.1 = 127.0.0.1:35672' > "$root/node/rabbitmq.conf"
  echo '[].' > "$root/node/enabled_plugins"
}
start() {
  setsid unshare --mount sh -c 'mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" && exec env -i PATH=/usr/sbin:/usr/bin HOME=/node \
    LANG=C.UTF-8 ERL_EPMD_PORT=34369 ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT=35673 RABBITMQ_NODENAME=finding@localhost \
    RABBITMQ_CONFIG_FILE=/node/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=/node/enabled_plugins RABBITMQ_MNESIA_BASE=/node/data \
    RABBITMQ_LOG_BASE=/node/log RUNNING_UNDER_SYSTEMD=true chroot "$1" sh -c "epmd -address 127.0.0.1 -port 34369 & exec /usr/lib/rabbitmq/bin/rabbitmq-server"' \
    sh "$dir/$1" > "$dir/$1.log" 2>&1 &
  broker=$!
}
# In order, as an operator does: the node itself ends and has written what it keeps.
halt() {
  kill -TERM "$broker"
  for _ in $(seq 300); do kill -0 "$broker" 2>/dev/null || break; sleep 0.1; done
  stop
}
try() {
  unpack "$1" "$2"
  echo "RabbitMQ $2"
  start "$1"
  node "$dir/try.cjs" before
  halt
  start "$1"
  node "$dir/try.cjs" after
  stop
}
cat > "$dir/expected" <<'TXT'
RabbitMQ 4.0.5-6+deb13u2
  exchange: gone
  queue: gone
RabbitMQ 4.3.6-1
  exchange: still there
  queue: gone
  messages through its binding: 1
TXT
{ try trixie 4.0.5-6+deb13u2; try sid 4.3.6-1; } | tee "$dir/seen"
diff "$dir/expected" "$dir/seen" || { echo 'CHANGED: no longer as described' >&2; exit 1; }
echo 'still as described'
