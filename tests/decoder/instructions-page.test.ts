import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { instructionsPage } from '../../scripts/generate-forms-doc.js';

it('docs/instructions.md is what the forms say (else: npx tsc -b && node dist/scripts/generate-forms-doc.js)', () => {
  const page = readFileSync(new URL('../../docs/instructions.md', import.meta.url), 'utf8');
  // The whole page as one comparison would print both; the first differing line says enough.
  const now = instructionsPage().split('\n');
  const written = page.split('\n');
  const at = now.findIndex((line, index) => line !== written[index]);
  expect(at < 0 ? null : { line: at + 1, written: written[at], now: now[at] }).toBeNull();
  expect(written.length).toBe(now.length);
});
