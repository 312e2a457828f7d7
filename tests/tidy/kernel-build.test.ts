/** What the build says about a mistake in the kernel's sources. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildKernel } from '../../scripts/build-kernel.js';

/** A project whose kernel is this text. */
function project(kmain: string): string {
  const root = mkdtempSync(join(tmpdir(), 's7x-kernel-build-'));
  mkdirSync(join(root, 'kernel/src'), { recursive: true });
  writeFileSync(join(root, 'kernel/src/kmain.ts'), kmain);
  return root;
}

it.each([
  [
    'that the AssemblyScript compiler finds',
    'export function kernel_main(info: usize): void {\n  const a: Foo = 1;\n}\n',
    "kernel/src/kmain.ts:2:12: Cannot find name 'Foo'.",
  ],
  [
    'that our compiler finds',
    'export function kernel_main(info: usize): void {\n  store<f64>(info, load<f64>(info) * 2);\n}\n',
    'kernel/src/kmain.ts:2: floating-point arithmetic (f32, f64) is not allowed in guest code (function kmain/kernel_main)',
  ],
])('a mistake %s is named from the root of the project', (_who, source, message) => {
  expect(() => buildKernel(project(source), 'release')).toThrow(
    expect.objectContaining({ name: 'CompileError', message }) as Error,
  );
});
