/** `--serial unix:PATH`, `tcp:[HOST:]PORT` and `exec:COMMAND`: where the other end of a port's cable is. */
import { ConfigurationError } from '../base/errors.js';

export type SerialPlace =
  | { readonly kind: 'unix'; readonly text: string; readonly path: string }
  | { readonly kind: 'tcp'; readonly text: string; readonly host: string; readonly port: number }
  | { readonly kind: 'program'; readonly text: string; readonly command: string };

/** Nobody on another host is let in whom nobody has named. */
const HOST_DEFAULT = '127.0.0.1';
const PORT_MAX = 65_535;
const TCP = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/;

/** Null for other kinds. @throws ConfigurationError naming the value */
export function parseSerialPlace(text: string): SerialPlace | null {
  const [, kind = '', rest = ''] = /^(unix|tcp|exec):(.*)$/s.exec(text) ?? [];
  if (kind === '') return null;
  if (kind === 'unix') {
    if (rest === '') throw new ConfigurationError(`--serial ${text}: no path behind unix:`);
    return { kind, text, path: rest };
  }
  if (kind === 'exec') {
    if (rest.trim() === '')
      throw new ConfigurationError(`--serial ${text}: no command behind exec:`);
    return { kind: 'program', text, command: rest };
  }
  const [, bracketed, plain, digits] = TCP.exec(rest) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port <= PORT_MAX)) {
    throw new ConfigurationError(
      `--serial ${text}: write tcp:PORT or tcp:HOST:PORT, with a port up to ${PORT_MAX}`,
    );
  }
  return { kind: 'tcp', text, host: bracketed ?? plain ?? HOST_DEFAULT, port };
}
