/** SHA-256 of what a run is made of, in hexadecimal: how a record names contents. */
import { createHash } from 'node:crypto';

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
