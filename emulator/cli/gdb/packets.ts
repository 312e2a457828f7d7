/**
 * Packets of GDB's remote serial protocol: `$payload#checksum`, acknowledged by `+` until both sides do without.
 * Payloads are strings of one character for each byte. Source: GDB manual, "Remote Protocol: Overview".
 */

const START = '$';
const END = '#';
const ESCAPE = '}';
const ESCAPE_XOR = 0x20;
const INTERRUPT = '\x03';
const CHECKSUM_DIGITS = 2;
/** Characters that a payload cannot hold as they are; `*` would begin a run length. */
const SPECIAL = /[#$}*]/g;
/** A payload longer than this is no packet of a debugger's. */
const PAYLOAD_MAX = 0x10_0000;

export type Received =
  | { readonly kind: 'packet'; readonly payload: string }
  /** Its checksum is wrong: it is to be sent again. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'interrupt' };

/** Takes the bytes of a connection and gives what is complete. */
export class PacketReader {
  private waiting = '';

  /** Acknowledgements and what is between packets are passed over. */
  take(bytes: Uint8Array): Received[] {
    this.waiting += Buffer.from(bytes).toString('latin1');
    const received: Received[] = [];
    for (let next = this.next(); next !== null; next = this.next()) received.push(next);
    if (this.waiting.length > PAYLOAD_MAX) this.waiting = '';
    return received;
  }

  private next(): Received | null {
    const first = [...this.waiting].findIndex((c) => c === START || c === INTERRUPT);
    if (first < 0) {
      this.waiting = '';
      return null;
    }
    this.waiting = this.waiting.slice(first);
    if (this.waiting.startsWith(INTERRUPT)) {
      this.waiting = this.waiting.slice(1);
      return { kind: 'interrupt' };
    }
    const end = this.waiting.indexOf(END);
    if (end < 0 || this.waiting.length < end + 1 + CHECKSUM_DIGITS) return null;
    const body = this.waiting.slice(1, end);
    const given = this.waiting.slice(end + 1, end + 1 + CHECKSUM_DIGITS);
    this.waiting = this.waiting.slice(end + 1 + CHECKSUM_DIGITS);
    if (given.toLowerCase() !== checksum(body)) return { kind: 'damaged' };
    return { kind: 'packet', payload: unescape(body) };
  }
}

/** The packet of a payload. */
export function packet(payload: string): string {
  const body = payload.replace(SPECIAL, (c) => ESCAPE + flipped(c));
  return `${START}${body}${END}${checksum(body)}`;
}

function unescape(body: string): string {
  return body.replace(/\}([\s\S])/g, (_, c: string) => flipped(c));
}

function flipped(c: string): string {
  return String.fromCharCode(c.charCodeAt(0) ^ ESCAPE_XOR);
}

/** Sum of the characters between `$` and `#`, modulo 256. */
function checksum(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum += body.charCodeAt(i);
  return (sum & 0xff).toString(16).padStart(CHECKSUM_DIGITS, '0');
}

/** Text for the user, in UTF-8. */
export function textToHex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

export function fromHex(digits: string): string {
  return Buffer.from(digits, 'hex').toString('latin1');
}
