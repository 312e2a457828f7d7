/**
 * Debian's memtest86+ on a small machine, its screen on the serial port: one whole pass without an error. Its last test waits
 * 160 s by the time-stamp counter; at 25 MHz those are 4 of the 11 thousand million instructions of the pass.
 */
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const HOST_MS_MAX = 3_500_000;
const image = installed('/boot/memtest86+x64.bin');

describe.skipIf(image === null)(withPackage('memtest86+', image, 'memtest86+'), () => {
  it('finishes its first pass', async () => {
    const { stdout, status } = await s7x(
      [
        ...['run', image ?? '', '-m', '8M', '--cpu', 'unit', '--freq', '25M'],
        ...['--uart', 'instant', '--append', 'console=ttyS0,115200', '--timeout', '2000s'],
        ...['--expect', '/Bit fade test/', '--expect', '/Pass: +1 /'],
        ...['--fail', '/Errors: +[1-9]/', '--fail', '/Unexpected interrupt/'],
      ],
      { hostMsMax: HOST_MS_MAX },
    );
    expect(stdout).toMatch(/Memtest86\+/i);
    expect(status).toBe(0);
  });
});
