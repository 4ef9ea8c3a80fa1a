// Spans of OpenTelemetry from shortwire's tracing channels. It needs @opentelemetry/api alone; what becomes of spans is the SDK's business.

import { tracingChannel } from 'node:diagnostics_channel';

import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  isSpanContextValid,
  trace
} from '@opentelemetry/api';

/** Of calls, by what is published of them; of requests, by their context too. */
const spans = new WeakMap();

/** Begins to make spans, of all sockets and servers of this thread. Call it once, before the first connection. */
export function instrument() {
  const tracer = trace.getTracer('shortwire');

  tracingChannel('shortwire:rpc').subscribe({
    start(message) {
      const span = tracer.startSpan(nameOf(message), optionsOf(message, SpanKind.CLIENT));
      spans.set(message, span);
      // It travels with the call: the span at the other end becomes a child of this one.
      message.traceparent ??= write(span.spanContext());
    },
    error,
    asyncEnd
  });

  tracingChannel('shortwire:handle').subscribe({
    start(message) {
      const caller = trace.setSpanContext(ROOT_CONTEXT, read(message.traceparent));
      const span = tracer.startSpan(
        nameOf(message),
        optionsOf(message, SpanKind.SERVER),
        message.traceparent === undefined ? ROOT_CONTEXT : caller
      );
      spans.set(message, span);
      spans.set(message.context, span);
    },
    error,
    asyncEnd
  });
}

/** Middleware that makes a request's span the active one in its handler, and so the parent of what that does. */
export function activate(payload, requestContext, next) {
  const span = spans.get(requestContext);
  return span === undefined
    ? next()
    : context.with(trace.setSpan(context.active(), span), () => next());
}

function error(message) {
  const code = message.error.code ?? message.error.name;
  const span = spans.get(message);
  span.setAttribute('error.type', String(code));
  span.setStatus({ code: SpanStatusCode.ERROR, message: message.error.message });
}

function asyncEnd(message) {
  spans.get(message).end();
}

function nameOf({ topic }) {
  return topic || 'shortwire';
}

/** By the conventions for rpc spans. */
function optionsOf({ topic }, kind) {
  return { kind, attributes: { 'rpc.system.name': 'shortwire', 'rpc.method': topic || '_OTHER' } };
}

function write(spanContext) {
  if (!isSpanContextValid(spanContext)) return undefined;
  const { traceId, spanId, traceFlags } = spanContext;
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

function read(traceparent = '') {
  const [, traceId, spanId, flags] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
