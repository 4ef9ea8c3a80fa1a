// Helpers of these declarations. Not part of the API: `index.d.ts` does not export them.

/** Says what TypeScript can't see of a mapped type: that all its values are parameter lists. */
export type Lists<Events> = { [Event in keyof Events]: Extract<Events[Event], any[]> };

/** Payload and options; the payload may be left out where the topic takes none. */
export type PayloadAnd<Sent, Options extends unknown[]> = undefined extends Sent
  ? [payload?: Sent, ...options: Options]
  : [payload: Sent, ...options: Options];
