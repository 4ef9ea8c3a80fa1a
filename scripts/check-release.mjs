// The gate before `npm publish`: says everything that is wrong with what is about to be published, and nothing when all is well.
//
//   node scripts/check-release.mjs v1.2.3
//
// Runs after `napi artifacts` and `napi pre-publish`, in the release workflow only.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { capture, root } from './support/run.mjs';

const [tag] = process.argv.slice(2);
const read = (/** @type {string} */ path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifest = read('package.json');
const { binaryName, packageName, targets } = manifest.napi;
/** @type {string[]} */
const findings = [];
const want = (/** @type {boolean} */ holds, /** @type {string} */ finding) => {
  if (!holds) findings.push(finding);
};

want(tag === `v${manifest.version}`, `the tag is ${tag}, package.json says ${manifest.version}`);
want(Boolean(manifest.repository), 'package.json has no "repository", which provenance needs');

const platforms = readdirSync(join(root, 'npm'));
want(
  platforms.length === targets.length,
  `npm/ has ${platforms.length} folders for ${targets.length} targets`
);
for (const platform of platforms) {
  const { name, version } = read(`npm/${platform}/package.json`);
  const addon = `npm/${platform}/${binaryName}.${platform}.node`;
  want(existsSync(join(root, addon)), `${addon} is missing`);
  want(name === `${packageName}-${platform}`, `npm/${platform} is named ${name}`);
  want(version === manifest.version, `npm/${platform} has version ${version}`);
  want(
    manifest.optionalDependencies?.[name] === manifest.version,
    `package.json does not name ${name}@${manifest.version} as an optional dependency`
  );
}

const loader = readFileSync(join(root, 'binding.js'), 'utf8');
want(loader.includes(`'${manifest.version}'`), 'binding.js is of another version: npm run build');

const { output } = await capture('npm', ['pack', '--dry-run', '--json', '--ignore-scripts']);
const [{ files }] = JSON.parse(output.slice(output.indexOf('[\n')));
for (const { path } of files) {
  want(!path.endsWith('.node'), `${path} would be in the main package`);
}

for (const finding of findings) console.error(finding);
process.exitCode = findings.length > 0 ? 1 : 0;
