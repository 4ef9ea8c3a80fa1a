// Prometheus: the counters of a server and the durations of its handlers as text, at an http address that a scraper asks.
//
//   node examples/prometheus.mjs
//
// docs/observability.md has the whole mapping.

import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';

import UDSocket, { UDSocketServer } from 'shortwire';

/** Seconds, as the conventions of OpenTelemetry for rpc have them. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Counters; the rest of the numbers can fall, too. */
const TOTALS =
  /^(?:bytes|wireBytes|messages|requests|late|malformed|refused|accepted|dropped|streams(?:In|Out|Refused))/;

const server = new UDSocketServer();
server.handle('double', (n) => n * 2);
server.handle('fail', () => {
  throw Object.assign(new Error('no'), { code: 'NO' });
});

/** By method and error: how often it took at most so long, how long all took, and how many there were. */
const durations = new Map();
const began = new WeakMap();
tracingChannel('shortwire:handle').subscribe({
  start(message) {
    began.set(message, performance.now());
  },
  asyncEnd(message) {
    // A stream may last for hours: among calls it would say nothing of either.
    if (message.kind !== 'call') return;
    // The topic is the caller's word: what nobody handles must not make a new line each time.
    const known = message.error?.code !== 'SHORTWIRE_ERR_NO_HANDLER';
    const error = message.error === undefined ? '' : String(message.error.code ?? 'Error');
    const labels = `rpc_method="${known ? message.topic : '_OTHER'}",error_type="${error}"`;
    const seconds = (performance.now() - began.get(message)) / 1000;
    const all = durations.get(labels) ?? { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
    durations.set(labels, all);
    BUCKETS.forEach((limit, at) => (all.buckets[at] += Number(seconds <= limit)));
    all.sum += seconds;
    all.count++;
  }
});

/** Prometheus' text format. */
function* lines() {
  const { sockets, ...own } = server.stats();
  for (const [prefix, numbers] of [
    ['shortwire_server', own],
    ['shortwire_socket', sockets]
  ]) {
    for (const [name, value] of Object.entries(numbers)) {
      const total = TOTALS.test(name);
      const words = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const metric = `${prefix}_${words}${total ? '_total' : ''}`;
      yield `# TYPE ${metric} ${total ? 'counter' : 'gauge'}\n${metric} ${value}`;
    }
  }
  const metric = 'rpc_server_call_duration_seconds';
  yield `# TYPE ${metric} histogram`;
  for (const [labels, { buckets, sum, count }] of durations) {
    for (const [at, limit] of BUCKETS.entries()) {
      yield `${metric}_bucket{${labels},le="${limit}"} ${buckets[at]}`;
    }
    yield `${metric}_bucket{${labels},le="+Inf"} ${count}`;
    yield `${metric}_sum{${labels}} ${sum}\n${metric}_count{${labels}} ${count}`;
  }
}

const scraped = createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
  response.end(`${[...lines()].join('\n')}\n`);
});
scraped.listen(0, '127.0.0.1');
await once(scraped, 'listening');

// Some calls, by a client that leaves; then what a scraper would see.
const path = `/tmp/shortwire-example-${process.pid}.sock`;
await server.start(path);
const socket = new UDSocket();
await socket.connect(path);
for (const topic of ['double', 'double', 'fail', 'nothing'])
  await socket.call(topic, 21).catch(() => {});
await socket.close();

const page = await fetch(`http://127.0.0.1:${scraped.address().port}/metrics`);
console.log(await page.text());
scraped.close();
scraped.closeAllConnections();
await server.close();
