// Stands in for an SDK of OpenTelemetry: collects metrics when it is told to, and prints those that aren't 0.

import { metrics } from '@opentelemetry/api';

const callbacks = new Set();

const make = (name, { unit }) => ({ name, unit });

/** Registers itself with OpenTelemetry's API. */
export function register() {
  const meter = {
    createObservableCounter: make,
    createObservableUpDownCounter: make,
    addBatchObservableCallback: (callback) => callbacks.add(callback),
    removeBatchObservableCallback: (callback) => callbacks.delete(callback)
  };
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
}

/** Collects and prints. */
export function print() {
  const result = {
    observe({ name, unit }, value, attributes) {
      if (value === 0) return;
      const labels = Object.values(attributes).join(' ');
      console.log(`${name} of ${labels}: ${value} ${unit}`);
    }
  };
  for (const callback of callbacks) callback(result);
}
