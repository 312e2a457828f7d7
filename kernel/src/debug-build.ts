/**
 * Whether this is the debug build of the kernel (dist/kernel/kernel-debug.elf): the build compiles the same sources with
 * `true` here. What it adds (poison.ts, quarantine.ts) costs the release build not an instruction.
 */
export const DEBUG: bool = false;
