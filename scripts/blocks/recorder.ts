/** Builds record-blocks.c and measures blocks with it on this machine's processor. x86-64 Linux with gcc only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError, InvariantViolation } from '../../emulator/base/errors.js';
import { memoryBefore, registersBefore } from '../accuracy/state-before.js';
import { hasCompiler } from '../loops/native-half.js';
import type { ListedBlock } from './block-list.js';

/** Cycles of one copy, or why there are none. */
export type Measurement =
  | { readonly kind: 'cycles'; readonly cycles: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Recording {
  /** Vendor, family and model, from CPUID. */
  readonly processor: string;
  readonly measurements: readonly Measurement[];
}

export function canRecord(): boolean {
  return process.platform === 'linux' && hasCompiler();
}

/** @param copies null for straight lines, else so many in a loop that R15 counts */
export function recordBlocks(
  rootDir: string,
  blocks: readonly Pick<ListedBlock, 'hex' | 'setup'>[],
  copies: number | null,
): Recording {
  if (!canRecord()) {
    throw new HostError('gcc on x86-64 Linux: not there; blocks are measured by a program of C');
  }
  const folder = mkdtempSync(join(tmpdir(), 's7x-blocks-'));
  try {
    const program = join(folder, 'record-blocks');
    const source = join(rootDir, 'scripts/record-blocks.c');
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', program, source]);
    const input = blocks.map((block) => requestOf(block) + '\n').join('');
    const output = execFileSync(program, [String(copies ?? 0)], { input, encoding: 'utf8' });
    const [processor = '', ...lines] = output.trimEnd().split('\n');
    if (lines.length !== blocks.length) {
      throw new InvariantViolation(`${blocks.length} blocks, ${lines.length} answers`);
    }
    return { processor, measurements: lines.map(measurementOf) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function requestOf({ hex, setup }: Pick<ListedBlock, 'hex' | 'setup'>): string {
  const values = [memoryBefore(setup), ...registersBefore(setup)];
  return [hex, ...values.map((value) => value.toString(16))].join(' ');
}

function measurementOf(line: string): Measurement {
  const [kind, ...rest] = line.split(' ');
  const text = rest.join(' ');
  return kind === 'cycles' ? { kind, cycles: text } : { kind: 'refused', reason: text };
}
