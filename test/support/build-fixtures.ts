// Builds every client that the tests use: npx tsx test/support/build-fixtures.ts
import { clientNames, clientSite } from './fixtures.ts';

for (const name of clientNames) {
  const start = performance.now();
  try {
    const folder = await clientSite(name);
    console.log(`${name}: ${folder} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
