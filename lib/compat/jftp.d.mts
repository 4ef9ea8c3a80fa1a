// The types of `shortwire/compat/jftp` as ESM sees them; the reference is `jftp.d.ts`.

export * from './jftp.js';
export { UDSocket as default } from './jftp.js';
