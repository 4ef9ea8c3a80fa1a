// The types of `import 'shortwire'`: everything that index.d.ts declares, and UDSocket as the default.

export * from './index.js';
export { UDSocket as default } from './index.js';
