/** Debian's memtest86+ on a small machine, its screen on the serial port: one whole pass without an error. */
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { installed, withPackage } from './packages.js';

const HOST_MS_MAX = 3_500_000;
const image = installed('/boot/memtest86+x64.bin');

describe.skipIf(image === null)(withPackage('memtest86+', image, 'memtest86+'), () => {
  it('finishes its first pass', async () => {
    const { stdout, status } = await s7x(
      [
        ...['run', image ?? '', '-m', '8M', '--cpu', 'unit', '--uart', 'instant'],
        ...['--append', 'console=ttyS0,115200', '--timeout', '2000s'],
        ...['--expect', '/Pass: *1 /', '--fail', '/Errors: *[1-9]/'],
      ],
      { hostMsMax: HOST_MS_MAX },
    );
    expect(stdout).toMatch(/Memtest86\+/i);
    expect(status).toBe(0);
  });
});
