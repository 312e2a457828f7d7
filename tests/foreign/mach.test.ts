/** Debian's GNU Mach, an ELF64 file by multiboot 1: up to where it asks for the servers that nobody gave it. */
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { newestInBoot } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const mach = newestInBoot(/^gnumach-.*\.gz$/);

describe.skipIf(mach === null)(withPackage('GNU Mach', mach, 'gnumach-image-1.8-486'), () => {
  it('finds the memory of the map and the clock, and asks for its bootstrap module', async () => {
    const { stdout, status, stderr } = await s7x([
      ...['run', mach ?? '', '-m', '128M', '--cpu', 'unit', '--uart', 'instant'],
      ...['--append', 'console=com0', '--timeout', '20s'],
      ...['--expect', 'No bootstrap code loaded with the kernel'],
    ]);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('biosmem: 000000000000100000:000000000008000000, available');
    expect(stdout).toContain('RTC time is 2026-01-01 00:00:0');
  });
});
