/** Debian's files, where they are installed; GUEST_LINUX and GUEST_BUSYBOX name others. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const BOOT = '/boot';

/** The newest kernel image in /boot, or null. */
export function linuxImage(): string | null {
  return process.env.GUEST_LINUX ?? newestInBoot(/^vmlinuz-/);
}

/** A static busybox of the kernel's kind, or null. */
export function busyboxProgram(): string | null {
  return process.env.GUEST_BUSYBOX ?? installed('/bin/busybox');
}

/** The last file in /boot, by name, of those that are named so, or null. */
export function newestInBoot(name: RegExp): string | null {
  if (!existsSync(BOOT)) return null;
  const names = readdirSync(BOOT).filter((entry) => name.test(entry));
  const last = names.sort().at(-1);
  return last === undefined ? null : join(BOOT, last);
}

/** The path where it exists, or null. */
export function installed(path: string): string | null {
  return existsSync(path) ? path : null;
}
