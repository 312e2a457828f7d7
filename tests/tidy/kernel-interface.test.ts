/**
 * The table "The interface" of kernel/README.md against what kernel/src/kmain.ts exports. System 7X's README did not
 * speak of kmalloc_pages and called coalescing a plan when it was there (defect D6 of the record).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../cli/s7x.js';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** Exported for harnesses: parts of the start, which nobody calls afterwards. */
const FOR_HARNESSES = [
  'bootAllocate',
  'interrupt_handler',
  'nodeByRank',
  'nodeOf',
  'reservationAt',
  'reservationCount',
  'reserve',
  'sanitiseMap',
  'sanitisedRanges',
  'unreserve',
];

/** Functions of the table, sorted: `name(…)` in the first column, `…_bulk(…)` included. */
function described(readme: string): string[] {
  const section = readme.split('## The interface')[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((line) =>
    [...(line.split(' | ')[0] ?? '').matchAll(/`(\w+)\(/g)].map((match) => match[1] ?? ''),
  );
}

function exported(entry: string): string[] {
  const names = [...entry.matchAll(/^export \{([^}]*)\}/gm)].flatMap((match) =>
    (match[1] ?? '').split(',').map((name) => name.trim()),
  );
  return names.filter((name) => name !== '' && !FOR_HARNESSES.includes(name));
}

it('describes every function that is exported, once, and no other', () => {
  const names = described(read('kernel/README.md'));
  expect([...names].sort()).toEqual(exported(read('kernel/src/kmain.ts')).sort());
});

it('D6: a README that forgets kmalloc_pages is seen', () => {
  const readme = read('kernel/README.md').replace(/^\| `kmalloc_pages.*\n/m, '');
  expect(described(readme)).not.toEqual(described(read('kernel/README.md')));
  expect(described(readme)).not.toContain('kmalloc_pages');
});
