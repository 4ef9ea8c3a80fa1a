// Metrics of OpenTelemetry from stats(). It needs @opentelemetry/api alone; what becomes of metrics is the SDK's business.

import { metrics } from '@opentelemetry/api';

const RECEIVED = { 'network.io.direction': 'receive' };
const SENT = { 'network.io.direction': 'transmit' };

/** What only grows, by its name in `stats()`: the metric, its unit, and what tells it from others of the metric. */
const COUNTERS = {
  accepted: ['shortwire.server.accepted', '{connection}'],
  refused: ['shortwire.server.refused', '{connection}'],
  dropped: ['shortwire.server.dropped', '{message}'],
  'sockets.bytesIn': ['shortwire.socket.io', 'By', RECEIVED],
  'sockets.bytesOut': ['shortwire.socket.io', 'By', SENT],
  'sockets.wireBytesIn': ['shortwire.socket.wire_io', 'By', RECEIVED],
  'sockets.wireBytesOut': ['shortwire.socket.wire_io', 'By', SENT],
  'sockets.messagesIn': ['shortwire.socket.messages.in', '{message}'],
  'sockets.requestsIn': ['shortwire.socket.requests.in', '{request}'],
  'sockets.requestsOut': ['shortwire.socket.requests.out', '{request}'],
  'sockets.lateResponses': ['shortwire.socket.late_responses', '{response}'],
  'sockets.malformed': ['shortwire.socket.malformed', '{message}'],
  'sockets.refused': ['shortwire.socket.refused', '{request}'],
  'sockets.dropped': ['shortwire.socket.dropped', '{message}'],
  'sockets.streamsIn': ['shortwire.socket.streams.in', '{stream}'],
  'sockets.streamsOut': ['shortwire.socket.streams.out', '{stream}'],
  'sockets.streamsRefused': ['shortwire.socket.streams.refused', '{stream}']
};

/** What can fall, too. */
const LEVELS = {
  connections: ['shortwire.server.connections', '{connection}'],
  introducing: ['shortwire.server.introducing', '{connection}'],
  'sockets.queuedBytes': ['shortwire.socket.queued', 'By'],
  'sockets.queuedMessages': ['shortwire.socket.queued_messages', '{message}'],
  'sockets.pending': ['shortwire.socket.pending', '{request}'],
  'sockets.serving': ['shortwire.socket.serving', '{request}'],
  'sockets.streams': ['shortwire.socket.streams', '{stream}'],
  'sockets.servingBytes': ['shortwire.socket.serving_bytes', 'By'],
  'sockets.partialBytes': ['shortwire.socket.partial_bytes', 'By'],
  'sockets.undeliveredBytes': ['shortwire.socket.undelivered_bytes', 'By'],
  'sockets.heldBytes': ['shortwire.socket.held_bytes', 'By'],
  'sockets.streamQueuedBytes': ['shortwire.socket.stream_queued_bytes', 'By'],
  'sockets.heldMessages': ['shortwire.socket.held_messages', '{message}']
};

const METRICS = Object.entries({ ...COUNTERS, ...LEVELS });

/**
 * Lets a server or a socket be observed, each time that the SDK collects. Where a process has several, give each an attribute that
 * tells it from the others, and that is still the same tomorrow. Returns a function that ends it.
 */
export function observe(observed, attributes = {}) {
  const meter = metrics.getMeter('shortwire');
  const instruments = new Map();
  for (const [name, unit] of Object.values(COUNTERS)) {
    instruments.set(name, meter.createObservableCounter(name, { unit }));
  }
  for (const [name, unit] of Object.values(LEVELS)) {
    instruments.set(name, meter.createObservableUpDownCounter(name, { unit }));
  }
  const collect = (result) => {
    const stats = flat(observed.stats());
    for (const [number, [name, , own]] of METRICS) {
      if (!(number in stats)) continue;
      result.observe(instruments.get(name), stats[number], { ...attributes, ...own });
    }
  };
  const all = [...instruments.values()];
  meter.addBatchObservableCallback(collect, all);
  return () => meter.removeBatchObservableCallback(collect, all);
}

/** The numbers of a server have those of its sockets in them; a socket's are those alone. */
function flat(stats) {
  const { sockets, ...server } = 'sockets' in stats ? stats : { sockets: stats };
  const named = Object.entries(sockets).map(([name, value]) => [`sockets.${name}`, value]);
  return { ...server, ...Object.fromEntries(named) };
}
