/** *Moment*: a point of a run in guest time, as users write it. */
import { ConfigurationError } from '../base/errors.js';
import type { MachineMoment } from '../machine/moments.js';
import type { SymbolTable } from '../machine/symbols.js';
import { cyclesOfNs } from '../timing/timing-model.js';
import { parseCount, parseDurationNs } from './quantities.js';
import { parsePattern } from './serial-pattern.js';

/** Plain data: a worker gets it by message. `text` is as the user wrote it. */
export type Moment = { readonly text: string } & (
  | { readonly kind: 'time'; readonly ns: number }
  | { readonly kind: 'cycle'; readonly cycle: number }
  | { readonly kind: 'instruction'; readonly count: number }
  | { readonly kind: 'symbol'; readonly name: string; readonly pass: number }
  | { readonly kind: 'address'; readonly address: bigint; readonly pass: number }
  /** COM1 shows it. */
  | { readonly kind: 'serial'; readonly pattern: string }
  /** So many expectations have come true. */
  | { readonly kind: 'expect'; readonly matches: number }
  /** The guest's own end. */
  | { readonly kind: 'end' }
);

const EXAMPLES = '120ms, 1.2Gcyc, 5Minsn, sym:kmain#2, 0x1000f0, serial:/login:/, expect:2 or end';
const ADDRESS_END = 1n << 64n;

/**
 * `expects`: how many expectations the run has.
 * @throws ConfigurationError naming the option and what is wrong with it
 */
export function parseMoment(text: string, option: string, expects: number): Moment {
  const words = text.trim();
  const where = `${option} ${text}`;
  const counted = /^(\d.*?)(cyc|insn)$/.exec(words);
  if (counted !== null) {
    const count = parseCount(counted[1] ?? '', option);
    return counted[2] === 'cyc'
      ? { text, kind: 'cycle', cycle: count }
      : { text, kind: 'instruction', count };
  }
  const place = /^(?:sym:(.+?)|(0x[0-9a-f]+))(?:#(\d+))?$/is.exec(words);
  if (place !== null) {
    const [, name, address, number] = place;
    const pass = number === undefined ? 1 : parseCount(number, where);
    if (name !== undefined) return { text, kind: 'symbol', name, pass };
    const linear = BigInt(address ?? '0');
    if (linear < ADDRESS_END) return { text, kind: 'address', address: linear, pass };
    throw new ConfigurationError(`${where}: an address has 64 bits`);
  }
  if (words.startsWith('serial:')) {
    const pattern = words.slice('serial:'.length);
    parsePattern(pattern, `${option} serial:`);
    return { text, kind: 'serial', pattern };
  }
  const number = /^expect:(\d+)$/.exec(words)?.[1];
  if (number !== undefined) {
    const matches = parseCount(number, where);
    if (matches <= expects) return { text, kind: 'expect', matches };
    throw new ConfigurationError(`${where}: there are ${expects} expectations (--expect)`);
  }
  if (words === 'end') return { text, kind: 'end' };
  if (!/^[\d.]+(ns|us|ms|s|m|min)$/.test(words)) {
    throw new ConfigurationError(`${where}: not a moment, such as ${EXAMPLES}`);
  }
  return { text, kind: 'time', ns: parseDurationNs(words, option) };
}

/** It may never come, however long the run is. */
export function mayNeverCome({ kind }: Moment): boolean {
  return kind === 'symbol' || kind === 'address' || kind === 'serial' || kind === 'expect';
}

/** It was over when a run had come so far, in cycles and instructions since power-on; places and patterns come anew. */
export function liesBefore(
  moment: Moment,
  { cycles, instructions }: { readonly cycles: number; readonly instructions: number },
  coreHz: number,
): boolean {
  switch (moment.kind) {
    case 'time':
      return cyclesOfNs(moment.ns, coreHz) < cycles;
    case 'cycle':
      return moment.cycle < cycles;
    case 'instruction':
      return moment.count < instructions;
    default:
      return false;
  }
}

/** What the machine watches for; null where it is not the machine that tells. @throws ConfigurationError for a name that is no function's */
export function machineMoment(
  moment: Moment,
  option: string,
  symbols: SymbolTable,
  coreHz: number,
): MachineMoment | null {
  switch (moment.kind) {
    case 'time':
      return { kind: 'cycle', cycle: cyclesOfNs(moment.ns, coreHz) };
    case 'cycle':
      return { kind: 'cycle', cycle: moment.cycle };
    case 'instruction':
      return { kind: 'instruction', count: moment.count };
    case 'address':
      return { kind: 'address', address: moment.address, pass: moment.pass };
    case 'symbol': {
      const address = addressOfFunction(moment.name, `${option} ${moment.text}`, symbols);
      return { kind: 'address', address, pass: moment.pass };
    }
    case 'serial':
    case 'expect':
    case 'end':
      return null;
  }
}

function addressOfFunction(name: string, where: string, symbols: SymbolTable): bigint {
  const [address, ...others] = symbols.addressesOf(name);
  if (address === undefined) {
    throw new ConfigurationError(`${where}: ${symbols.source} names no function ${name}`);
  }
  if (others.length > 0) {
    const all = [address, ...others].map((each) => `0x${each.toString(16)}`).join(', ');
    throw new ConfigurationError(
      `${where}: ${others.length + 1} functions have this name; write an address (${all})`,
    );
  }
  return address;
}
