// The reference of shortwire's public API: what each member does, its units, defaults and errors.
//
// Durations end in `Ms`, sizes in `Bytes`. Promise methods reject with coded errors and never throw; constructors and synchronous
// methods throw on wrong arguments at once and name the option. `docs/errors.md` has every code, `docs/lifecycle.md` the events in
// their order.
//
// `types/` has it, a file for each noun.

export * from './types/payload.js';
export * from './types/service.js';
export * from './types/handler.js';
export * from './types/endpoint.js';
export * from './types/options.js';
export * from './types/stream.js';
export * from './types/file.js';
export * from './types/errors.js';
export * from './types/facts.js';
export * from './types/events.js';
export * from './types/socket.js';
export * from './types/server.js';
export * from './types/listener.js';
