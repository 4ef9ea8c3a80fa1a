// Stands in for an SDK of OpenTelemetry: keeps spans, and prints them as the tree that they are.

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

import { ROOT_CONTEXT, SpanKind, context, trace } from '@opentelemetry/api';

const storage = new AsyncLocalStorage();
const ended = [];

class Span {
  constructor(name, { kind, attributes = {} }, parent) {
    Object.assign(this, { name, kind, parent, attributes: { ...attributes } });
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
    this.context = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: 1 };
  }

  spanContext() {
    return this.context;
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  setStatus() {}

  end() {
    ended.push(this);
  }
}

/** Registers itself with OpenTelemetry's API. */
export function register() {
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan: (name, options, within = context.active()) =>
        new Span(name, options, trace.getSpanContext(within))
    })
  });
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...values) => storage.run(active, () => run.apply(self, values)),
    bind: (active, target) => target,
    enable() {},
    disable() {}
  });
}

/** Prints every span that has ended, under its parent. */
export function print(parent = undefined, indent = '') {
  const children = ended.filter((span) => span.parent?.spanId === parent?.context.spanId);
  for (const span of children) {
    const { 'rpc.system.name': system, 'error.type': error = 'OK' } = span.attributes;
    console.log(`${indent}${SpanKind[span.kind]} ${system} ${span.name}: ${error}`);
    print(span, `${indent}  `);
  }
}
