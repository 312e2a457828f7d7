/** Where a debugger connects: the grammar of `--gdb`. */
import { ConfigurationError } from '../../base/errors.js';

export interface GdbPlace {
  /** As it was given. */
  readonly text: string;
  readonly host: string;
  readonly port: number;
  /** A socket in the file system in the place of host and port, or null. */
  readonly path: string | null;
}

/** What `-s` stands for; QEMU's place, too. */
export const GDB_PLACE_DEFAULT = '127.0.0.1:1234';
const HOST_DEFAULT = '127.0.0.1';
const PORT_MAX = 65_535;

/** `HOST:PORT`, `[IPV6]:PORT`, `:PORT`, `PORT`, `unix:PATH`. Port 0 lets the host choose. @throws ConfigurationError */
export function parseGdbPlace(text: string): GdbPlace {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '') throw new ConfigurationError(`--gdb ${text}: no path behind unix:`);
    return { text, host: '', port: 0, path };
  }
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port >= 0 && port <= PORT_MAX)) {
    throw new ConfigurationError(
      `--gdb ${text}: not HOST:PORT, :PORT, PORT or unix:PATH with a port up to ${PORT_MAX}`,
    );
  }
  const host = bracketed ?? plain ?? '';
  return { text, host: host === '' ? HOST_DEFAULT : host, port, path: null };
}
