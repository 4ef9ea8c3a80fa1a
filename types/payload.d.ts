// What can be sent.

/** Any value that JSON has. Properties that are `undefined` are left out, as `JSON.stringify` does. */
export type JsonValue = string | number | boolean | null | JsonArray | JsonObject;

/** An array of JSON values. */
export type JsonArray = readonly JsonValue[];

/** An object of JSON values. (TypeScript doesn't count an `interface` among these; a `type` it does.) */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/**
 * Any value that `encoding: 'msgpack'` carries. It is no {@link Payload}, since that doesn't know the encoding: give a service interface
 * with such types, or say `as unknown as Payload`.
 */
export type PackableValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | Date
  | ArrayBuffer
  | ArrayBufferView
  | readonly PackableValue[]
  | ReadonlyMap<PackableValue, PackableValue>
  | ReadonlySet<PackableValue>
  | { readonly [name: string]: PackableValue };

/**
 * What can be sent without a service interface: a JSON value; `undefined`, which arrives as `undefined`; or a `Buffer` or
 * `Uint8Array`, which travels as bytes and arrives as a `Buffer`. Bytes are copied before the call returns. Nested bytes are what
 * JSON makes of them.
 */
export type Payload = JsonValue | Uint8Array | undefined;
