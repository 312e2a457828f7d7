/**
 * tests/timing/loops.json: the machine code of loops.c as gcc made it, and for each loop the value that a processor
 * returned. Where Zen 1 was measured at the very thing that bounds a loop, `zen1` says what a step of it takes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RecordedLoop {
  readonly name: string;
  /** Hexadecimal, as measure.c prints it. */
  readonly value: string;
  readonly zen1?: { readonly cycles: number; readonly steps: number; readonly from: string };
}

export interface RecordedLoops {
  readonly source: string;
  readonly compiler: string;
  readonly loops: readonly RecordedLoop[];
  readonly code: readonly string[];
}

const LINE_DIGITS = 64;

function path(rootDir: string): string {
  return join(rootDir, 'tests/timing/loops.json');
}

export function readLoops(rootDir: string): RecordedLoops {
  return JSON.parse(readFileSync(path(rootDir), 'utf8')) as RecordedLoops;
}

export function codeOf({ code }: RecordedLoops): Buffer {
  return Buffer.from(code.join(''), 'hex');
}

/** Writes new machine code, and the values that it returned; the rest stays as it is. */
export function writeLoops(
  rootDir: string,
  { compiler, code, values }: { compiler: string; code: Buffer; values: readonly string[] },
): void {
  const old = readLoops(rootDir);
  const loops = old.loops.map((loop, index) => ({ ...loop, value: values[index] ?? '' }));
  const digits = code.toString('hex');
  const lines = digits.match(new RegExp(`.{1,${String(LINE_DIGITS)}}`, 'g')) ?? [];
  const text = JSON.stringify({ ...old, compiler, loops, code: lines }, null, 2);
  writeFileSync(path(rootDir), text + '\n');
}
