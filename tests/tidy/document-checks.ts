/**
 * What kernel/README.md must say of kernel/src, each as one check over texts that a reader gives: the tidy tests give it
 * those of the project, the mutation tests damaged ones. Paths are relative to kernel/src. System 7X's README did not
 * speak of kmalloc_pages, and called coalescing a plan when it was there (defect D6 of the record).
 */
import { expect } from 'vitest';
import type { SourceReader } from '../../kernel/compiler/frontend.js';

const README = '../README.md';
const BOOK = '../../docs/kernel.md';
const ENTRY = 'kmain.ts';

/** Exported for harnesses: parts of the start, which nobody calls afterwards. */
const FOR_HARNESSES = [
  'bootAllocate',
  'interrupt_handler',
  'interrupt_late',
  'nodeByRank',
  'nodeOf',
  'reservationAt',
  'reservationCount',
  'reserve',
  'sanitiseMap',
  'sanitisedRanges',
  'unreserve',
  'unreserveRange',
];

/** Words of a sentence about something that is not there yet. */
const PLAN = /\b(future|planned|to do|todo|not yet|not needed|later|some day|could be added)\b/i;
/** What the original called a plan, or said was not needed, and every kernel here does. */
const DONE = /\b(coalesc\w+|compaction|free neighbours?|size class(es)?|slabs?|guard pages?)\b/i;

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

function sentences(text: string): string[] {
  return text.replace(/\s+/g, ' ').split(/(?<=[.|])\s/);
}

/** The text of a file that must be there. */
function textOf(read: SourceReader, path: string): string {
  const text = read(path);
  if (text === null) throw new Error(`kernel/src/${path} is not there`);
  return text;
}

export const DOCUMENT_CHECKS: Readonly<Record<string, (read: SourceReader) => void>> = {
  "kernel/README.md's interface names every function that is exported, once, and no other": (
    read,
  ) => {
    const names = described(textOf(read, README));
    expect([...names].sort()).toEqual(exported(textOf(read, ENTRY)).sort());
  },

  'no document calls a plan what the kernel does': (read) => {
    for (const path of [README, BOOK]) {
      const plans = sentences(textOf(read, path)).filter(
        (sentence) => PLAN.test(sentence) && DONE.test(sentence),
      );
      expect([path, plans]).toEqual([path, []]);
    }
  },
};
