// `npm run demo`: makes the clone ready, then runs the example.

import { join } from 'node:path';

import { root, run } from './support/run.mjs';
import { setUp } from './support/setup.mjs';

await setUp();
process.exitCode = await run(process.execPath, [join(root, 'examples/demo.mjs')]);
