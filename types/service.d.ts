// Service interfaces: topics and what goes to and comes from them, given once for both ends.

import { Payload } from './payload.js';

declare const untyped: unique symbol;

/** Stands for "no service interface": what arrives is `unknown`, what is sent is a {@link Payload}. */
export interface Untyped {
  readonly [untyped]: never;
}

/**
 * The shape of a service interface: topics, each with a function from payload to answer. Written once, it types both ends.
 *
 * ```ts
 * interface Users {
 *   'users.get': (query: { id: number }) => User;
 *   'users.count': () => number;
 *   'users.watch': (query: { name: string }) => AsyncIterable<User>;
 *   'log': (line: string) => void;
 * }
 * const server = new UDSocketServer<Users>();
 * const socket = new UDSocket<Users>();
 * const user = await socket.call('users.get', { id: 7 }); // User
 * for await (const user of socket.iterate({ name: 'A' }, { topic: 'users.watch' })); // User
 * ```
 *
 * The types are a promise between the two ends; nothing checks values at run time. A type of a value that JSON changes on its way
 * (a `Date`, say, arrives as a string) must be written as it arrives.
 */
export type ServiceShape<Service> = {
  [Topic in keyof Service]: Topic extends string ? (payload: any) => unknown : Service[Topic];
};

type IsUntyped<Service> = [Service] extends [Untyped] ? true : false;
type FunctionOf<Service, Topic> = Topic extends keyof Service
  ? Service[Topic] extends (...parameters: any[]) => unknown
    ? Service[Topic]
    : never
  : never;

/** The topics of a service: any string without an interface. */
export type TopicOf<Service> =
  IsUntyped<Service> extends true ? string : Extract<keyof Service, string>;
/** What callers of a topic send. */
export type SentTo<Service, Topic> =
  IsUntyped<Service> extends true ? Payload : Parameters<FunctionOf<Service, Topic>>[0];
/** What the handler of a topic gets. */
export type ReceivedBy<Service, Topic> =
  IsUntyped<Service> extends true ? unknown : Parameters<FunctionOf<Service, Topic>>[0];
/** What the handler of a topic answers. */
export type AnswerFrom<Service, Topic> =
  IsUntyped<Service> extends true
    ? Payload | void | AsyncIterable<unknown>
    : Awaited<ReturnType<FunctionOf<Service, Topic>>>;
/** What callers of a topic get; nothing, where the answer comes in parts and `iterate` has to be used. */
export type AnswerOf<Service, Topic> =
  IsUntyped<Service> extends true
    ? unknown
    : Awaited<ReturnType<FunctionOf<Service, Topic>>> extends AsyncIterable<unknown>
      ? never
      : Awaited<ReturnType<FunctionOf<Service, Topic>>>;
/** What those get, part by part, who iterate over a topic: a plain answer is the only part. */
export type PartOf<Service, Topic> =
  IsUntyped<Service> extends true
    ? unknown
    : Awaited<ReturnType<FunctionOf<Service, Topic>>> extends AsyncIterable<infer Part>
      ? Part
      : Awaited<ReturnType<FunctionOf<Service, Topic>>>;
