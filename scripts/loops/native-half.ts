/** gcc's half: makes the machine code of loops.c, and runs it on this machine's processor. x86-64 Linux with gcc only. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** -O2 for any x86-64 processor, as kernels are compiled: no vectors, and no calls in the place of loops. */
const COMPILE =
  '-O2 -march=x86-64 -mgeneral-regs-only -ffreestanding -fno-tree-loop-distribute-patterns -fno-pic -fcf-protection=none -fno-stack-protector -fno-asynchronous-unwind-tables -nostdlib -static -Wl,--build-id=none';

export interface NativeRun {
  readonly value: string;
  readonly cycles: number;
}

export function hasCompiler(): boolean {
  return process.arch === 'x64' && spawnSync('gcc', ['--version']).status === 0;
}

/** The machine code and the compiler's name with what it was told. */
export function compileLoops(rootDir: string): { code: Buffer; compiler: string } {
  const sources = join(rootDir, 'scripts/loops');
  return inFolder((folder) => {
    const binary = join(folder, 'loops.bin');
    const script = ['-T', join(sources, 'loops.ld')];
    execFileSync('gcc', [...COMPILE.split(' '), ...script, join(sources, 'loops.c'), '-o', binary]);
    const version = execFileSync('gcc', ['-dumpfullversion'], { encoding: 'utf8' }).trim();
    return { code: readFileSync(binary), compiler: `gcc ${version} ${COMPILE}` };
  });
}

export function runNatively(rootDir: string, code: Buffer): NativeRun[] {
  return inFolder((folder) => {
    const [binary, program] = [join(folder, 'loops.bin'), join(folder, 'measure')];
    writeFileSync(binary, code);
    const source = join(rootDir, 'scripts/loops/measure.c');
    execFileSync('gcc', ['-O2', '-Wall', '-Werror', source, '-o', program]);
    const lines = execFileSync(program, [binary], { encoding: 'utf8' }).trimEnd().split('\n');
    return lines.map((line) => {
      const [value = '', cycles = ''] = line.split(' ');
      return { value, cycles: Number(cycles) };
    });
  });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 's7x-loops-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
