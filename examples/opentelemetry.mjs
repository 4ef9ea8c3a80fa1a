// OpenTelemetry: a span for each call at both ends, in one trace across connections, without a line of it in handlers and callers; and the
// numbers of stats() as metrics.
//
//   node examples/opentelemetry.mjs
//
// With an SDK (`--import` of its own start-up file), what prints and its `register` go; `instrument`, `activate` and `observe` stay.

import UDSocket, { UDSocketServer } from 'shortwire';

import { activate, instrument } from './opentelemetry/instrument.mjs';
import { observe } from './opentelemetry/metrics.mjs';
import * as printMetrics from './opentelemetry/print-metrics.mjs';
import * as printSpans from './opentelemetry/print-spans.mjs';

printSpans.register();
printMetrics.register();
instrument();

const path = (name) => `/tmp/shortwire-example-${process.pid}-${name}.sock`;

// The stock, a service of its own.
const stock = new UDSocketServer().use(activate);
stock.handle('stock.take', ({ item, count }) => {
  if (item === 'unicorn') throw Object.assign(new Error('There are none'), { code: 'SOLD_OUT' });
  return { item, count };
});
await stock.start(path('stock'));
observe(stock, { name: 'stock' });

// The shop, which asks it.
const shelf = new UDSocket();
await shelf.connect(path('stock'));
observe(shelf, { name: 'shelf' });
const shop = new UDSocketServer().use(activate);
shop.handle('shop.order', async (items) => {
  for (const item of items) await shelf.call('stock.take', { item, count: 1 });
  return 'ordered';
});
await shop.start(path('shop'));

const customer = new UDSocket();
await customer.connect(path('shop'));
await customer.call('shop.order', ['apple', 'pear']);
await customer.call('shop.order', ['unicorn']).catch(() => {});

printMetrics.print();
await Promise.all([customer.close(), shelf.close()]);
await Promise.all([shop.close(), stock.close()]);
printSpans.print();
