/** Small profiles and run records for tests of reports: figures that can be added up by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRACE_SCHEMA, type TraceFile } from '../emulator/cli/report/trace-file.js';
import type { RunRecord } from '../emulator/cli/run-record.js';
import type { SweepResult, SweepRowResult } from '../emulator/cli/sweep-result.js';
import type { Profile } from '../emulator/machine/profile.js';

/** Firmware to 1000; kmain; alloc 1500 to 1600 and, after #PF in it, to 1900; interrupt 2000 to 2500. */
export const TRACE: TraceFile = {
  schema: TRACE_SCHEMA,
  categories: ['call', 'irq', 'exc', 'io'],
  coreHz: 1e9,
  cycles: 5000,
  endCycle: null,
  functions: ['[firmware]', 'kmain', 'alloc', '[#PF]', 'handler', '[interrupt 0x20]'],
  stack: [
    [1000, 1, 1, 0],
    [1500, 2, 2, 0],
    [1600, 3, 3, 1],
    [1700, 3, 4, 1], // the exception's frame goes on in `handler`
    [1800, 2, 2, 0],
    [1900, 1, 1, 0],
    [2000, 2, 5, 1],
    [2500, 1, 1, 0],
  ],
  ports: [[1004, 0x80, 1, 0x12, 1]],
  lines: [[3000, 'ready </script>']],
};

/** all → [firmware] 100; all → kmain 10 → alloc 40 → scan 50; kmain → print 20 → alloc 5; alloc → [#PF] 15 → alloc 60. */
export const PROFILE: Profile = {
  schema: 'https://system7x.dev/schema/profile-1.json',
  frames: ['all', '[firmware]', 'kmain', 'alloc', 'scan', 'print<u8>', '[#PF]'],
  nodes: [
    [0, 0, 0, 0, 0],
    [0, 1, 100, 100, 1],
    [0, 2, 10, 10, 1],
    [2, 3, 40, 20, 2],
    [3, 4, 50, 50, 8],
    [2, 5, 20, 20, 3],
    [5, 3, 5, 5, 1],
    [3, 6, 15, 15, 1],
    [7, 3, 60, 30, 1],
  ],
  nodesLacking: 0,
  framesLacking: 0,
  returnsUnmatched: 0,
};

/** The same, a line each stack that cost something. */
export const FOLDED: readonly string[] = [
  '[firmware] 100',
  'kmain 10',
  'kmain;alloc 40',
  'kmain;alloc;[#PF] 15',
  'kmain;alloc;[#PF];alloc 60',
  'kmain;alloc;scan 50',
  'kmain;print<u8> 20',
  'kmain;print<u8>;alloc 5',
];

export const RECORD: RunRecord = {
  schema: 'https://system7x.dev/schema/run-1.json',
  tool: { name: 's7x', version: '0.0.0' },
  image: { path: 'folder/kernel.elf', sha256: 'a'.repeat(64), kind: 'pvh' },
  config: { memmap: 'pc', memmapEntries: 7, cpu: 'unit', coreHz: 1e9 },
  outcome: { kind: 'power-off', code: 0, detail: 'the guest switched the machine off', report: [] },
  stats: {
    cycles: 300,
    ns: 300,
    instructions: 250,
    residentBytes: 4096,
    ramBytes: String(8 << 20),
    interrupts: 0,
    exceptions: 1,
    pageFaults: 1,
    resets: 0,
    timing: null,
  },
  expects: [],
  records: {},
  hash: '0123456789abcdef',
  host: { wallMs: 1, peakResidentBytes: 1, node: 'v20', cpu: 'none' },
};

/** Writes the folder of a run, as `s7x run` leaves it. */
export function writeRunFolder(path: string, files: Readonly<Record<string, unknown>>): string {
  mkdirSync(path, { recursive: true });
  for (const [name, contents] of Object.entries(files)) {
    const text = typeof contents === 'string' ? contents : JSON.stringify(contents);
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** A row of a sweep that has passed, with the figures of RECORD. */
export function sweepRowOf(
  index: number,
  ram: string,
  change: Partial<SweepRowResult> = {},
): SweepRowResult {
  return {
    index,
    key: { ram },
    result: 'PASS',
    code: 0,
    note: '',
    stats: RECORD.stats,
    records: {},
    hash: `h${index}`,
    ...change,
  };
}

/** A sweep of these rows. */
export function sweepOf(
  rows: readonly SweepRowResult[],
  change: Partial<SweepResult> = {},
): SweepResult {
  return {
    schema: 's',
    tool: { name: 's7x', version: '1' },
    image: { path: 'k.elf', sha256: 'ab'.repeat(32) },
    plan: { rows: rows.length, digest: 'd' },
    shard: { index: 1, count: 1 },
    repeat: 1,
    rows,
    ...change,
  };
}
