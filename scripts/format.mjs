// `npm run format`: rewrites every file into the shape that `npm run check` asks for.

import { join } from 'node:path';

import { root, run } from './support/run.mjs';
import { setUp } from './support/setup.mjs';

await setUp({ addon: false });
const prettier = join(root, 'node_modules/prettier/bin/prettier.cjs');
const codes = [
  await run('cargo', ['fmt']),
  await run(process.execPath, [prettier, '--write', '--log-level=warn', '.'])
];
process.exitCode = Math.max(...codes);
