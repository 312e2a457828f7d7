/**
 * One debugger's session: what each packet of GDB's remote protocol asks of a machine that stands still, and what makes it go on.
 * Source: GDB manual, "Packets", "Stop Reply Packets", "General Query Packets".
 */
import { ConfigurationError } from '../../base/errors.js';
import type { Machine } from '../../machine/machine.js';
import {
  WATCHPOINTS_MAX,
  type DebuggerBits,
  type WatchedAccess,
  type Watchpoint,
} from '../../machine/debugger-registers.js';
import { printable } from '../printable.js';
import { monitor } from './monitor.js';
import { fromHex, textToHex } from './packets.js';
import { describeTarget, type TargetDescription } from './target-description.js';

/** What the debugger has the machine do. */
export type Resumption =
  | { readonly kind: 'continue' }
  /** One instruction; or on, while RIP stays in [from, to). */
  | { readonly kind: 'step'; readonly from: bigint; readonly to: bigint }
  /** To the place before this one, or to the last breakpoint or watchpoint before it. */
  | { readonly kind: 'step-back' }
  | { readonly kind: 'continue-back' }
  /** The debugger leaves: the machine goes on by itself. */
  | { readonly kind: 'detach' }
  /** The run is to end. */
  | { readonly kind: 'kill' };

const PACKET_BYTES = 0x4000;
/** Bytes of one reply to `m`: two digits each. */
const READ_BYTES_MAX = PACKET_BYTES / 2 - 8;
const SUPPORTED = [
  `PacketSize=${PACKET_BYTES.toString(16)}`,
  'qXfer:features:read+',
  'QStartNoAckMode+',
  'vContSupported+',
  'swbreak+',
  'hwbreak+',
  'ReverseStep+',
  'ReverseContinue+',
];
/** errno of the protocol's `E` replies. */
const E_INVALID = 'E16';
const E_FAULT = 'E0e';
const E_NO_MEMORY = 'E0c';
/** The only thread, and the word for it in a stop reply. */
const THREAD = '1';

const WATCHED: Readonly<Record<string, WatchedAccess>> = { 2: 'write', 3: 'read', 4: 'access' };

const ONE_STEP: Resumption = { kind: 'step', from: 0n, to: 0n };

type Handler = (rest: string) => string | null;

export class GdbSession {
  /** What the machine is to do next; null: it stands still. */
  resumption: Resumption | null = null;
  /** Neither side acknowledges packets any more. */
  withoutAcknowledgements = false;
  private stopReply = `T05thread:${THREAD};`;
  /** Code breakpoints as `type,address`: the debugger may set two of different types at one address. */
  private readonly breakpoints = new Set<string>();
  private readonly watchpoints = new Map<string, Watchpoint>();
  private readonly target: TargetDescription;

  /** `changed` is told when the debugger has changed what the guest sees. */
  constructor(
    private machine: Machine,
    private readonly changed: () => void,
    bits: DebuggerBits,
  ) {
    this.target = describeTarget(bits);
  }

  /** The reply to a packet; null: none now, because the machine goes on. Unknown packets have an empty one, as the protocol says. */
  handle(payload: string): string | null {
    const word = this.words[payload];
    const found = this.prefixes.find(([prefix]) => payload.startsWith(prefix));
    try {
      if (word !== undefined) return word();
      return found === undefined ? '' : found[1](payload.slice(found[0].length));
    } catch (error) {
      // Memory beyond --resident-max.
      if (error instanceof ConfigurationError) return E_NO_MEMORY;
      throw error;
    }
  }

  /** The machine stands still: the reply that says so. */
  stopped(signal: number, reason = ''): string {
    this.resumption = null;
    this.stopReply = `T${signal.toString(16).padStart(2, '0')}thread:${THREAD};${reason}`;
    return this.stopReply;
  }

  /** The debugger goes on with another machine, which is the same at another time: it gets the breakpoints and watchpoints. */
  moveTo(machine: Machine): void {
    this.machine = machine;
    for (const key of this.breakpoints) machine.processor.debug.addBreakpoint(BigInt(key.slice(2)));
    this.watch();
  }

  /** Behind a session no breakpoint is left. */
  end(): void {
    for (const key of [...this.breakpoints]) this.removeBreakpoint(key);
    this.watchpoints.clear();
    this.machine.processor.debug.setWatchpoints([]);
  }

  /** Packets that are one word. */
  private readonly words: Readonly<Record<string, () => string | null>> = {
    '?': () => this.stopReply,
    g: () => this.readAll(),
    k: () => this.kill(null),
    qC: () => `QC${THREAD}`,
    qfThreadInfo: () => `m${THREAD}`,
    qsThreadInfo: () => 'l',
    QStartNoAckMode: () => this.stopAcknowledging(),
    bs: () => this.resume({ kind: 'step-back' }),
    bc: () => this.resume({ kind: 'continue-back' }),
    'vCont?': () => 'vCont;c;C;s;S;r',
  };

  /** Packets that begin so. */
  private readonly prefixes: readonly (readonly [string, Handler])[] = [
    ['G', (digits) => this.writeAll(digits)],
    ['p', (number) => this.readRegister(parseInt(number, 16))],
    ['P', (rest) => this.writeRegister(rest)],
    ['m', (rest) => this.readMemory(rest)],
    ['M', (rest) => this.writeMemory(rest, fromHex)],
    ['X', (rest) => this.writeMemory(rest, (bytes) => bytes)],
    ['Z', (rest) => this.insert(rest)],
    ['z', (rest) => this.remove(rest)],
    ['vCont;', (actions) => this.resumeBy(actions)],
    ['vKill', () => this.kill('OK')],
    ['c', (address) => this.resumeAt(address, { kind: 'continue' })],
    ['s', (address) => this.resumeAt(address, ONE_STEP)],
    ['D', () => this.detach()],
    ['H', () => 'OK'],
    ['T', () => 'OK'],
    ['qAttached', () => '1'],
    ['qSupported', () => SUPPORTED.join(';')],
    ['qXfer:features:read:target.xml:', (rest) => part(this.target.xml, rest)],
    ['qRcmd,', (digits) => this.monitor(fromHex(digits))],
  ];

  private stopAcknowledging(): string {
    this.withoutAcknowledgements = true;
    return 'OK';
  }

  private monitor(text: string): string {
    if (/^\s*system_reset\b/.test(text)) this.changed();
    return textToHex(printable(monitor(this.machine, text)));
  }

  // Registers: little-endian, in the order of their numbers

  private readAll(): string {
    return this.target.registers.map((_, number) => this.readRegister(number)).join('');
  }

  private readRegister(number: number): string {
    const register = this.target.registers[number];
    if (register === undefined) return E_INVALID;
    const digits = register
      .read(this.machine)
      .toString(16)
      .padStart(register.bits / 4, '0');
    return reversed(digits);
  }

  private writeRegister(rest: string): string {
    const [number = '', digits = ''] = rest.split('=');
    return this.store(parseInt(number, 16), digits) ? 'OK' : E_INVALID;
  }

  private writeAll(digits: string): string {
    let at = 0;
    for (const [number, { bits, write }] of this.target.registers.entries()) {
      const given = digits.slice(at, at + bits / 4);
      at += bits / 4;
      if (given.length < bits / 4) break;
      if (write !== undefined && given !== this.readRegister(number)) this.store(number, given);
    }
    return 'OK';
  }

  private store(number: number, digits: string): boolean {
    const register = this.target.registers[number];
    if (register?.write === undefined || !/^([0-9a-f]{2})+$/i.test(digits)) return false;
    const value = BigInt.asUintN(register.bits, BigInt(`0x${reversed(digits)}`));
    this.changed();
    register.write(this.machine, value);
    return true;
  }

  // Memory, by linear addresses

  private readMemory(rest: string): string {
    const [address, length] = range(rest);
    if (address === null || length === null) return E_INVALID;
    const bytes = this.machine.processor.debug.readLinear(
      address,
      Math.min(length, READ_BYTES_MAX),
    );
    if (bytes.length === 0 && length > 0) return E_FAULT;
    return Buffer.from(bytes).toString('hex');
  }

  private writeMemory(rest: string, decode: (text: string) => string): string {
    const colon = rest.indexOf(':');
    const [address, length] = range(rest.slice(0, Math.max(colon, 0)));
    if (address === null || length === null) return E_INVALID;
    const bytes = Buffer.from(decode(rest.slice(colon + 1)), 'latin1');
    if (bytes.length !== length) return E_INVALID;
    if (length === 0) return 'OK';
    this.changed();
    return this.machine.processor.debug.writeLinear(address, bytes) === length ? 'OK' : E_FAULT;
  }

  // Breakpoints and watchpoints

  private insert(rest: string): string {
    const [type = '', address = '', kind = ''] = rest.split(/[,;]/);
    const linear = parseHex(address);
    if (linear === null) return E_INVALID;
    if (type === '0' || type === '1') {
      this.breakpoints.add(`${type},${linear}`);
      this.machine.processor.debug.addBreakpoint(linear);
      return 'OK';
    }
    const access = WATCHED[type];
    const lengthBytes = parseHex(kind);
    if (access === undefined) return '';
    if (lengthBytes === null || lengthBytes === 0n) return E_INVALID;
    this.watchpoints.set(`${type},${linear},${lengthBytes}`, {
      address: linear,
      lengthBytes,
      access,
    });
    if (this.watchpoints.size > WATCHPOINTS_MAX) {
      this.watchpoints.delete(`${type},${linear},${lengthBytes}`);
      return E_NO_MEMORY;
    }
    return this.watch();
  }

  private remove(rest: string): string {
    const [type = '', address = '', kind = ''] = rest.split(/[,;]/);
    const linear = parseHex(address);
    if (linear === null) return E_INVALID;
    if (type === '0' || type === '1') this.removeBreakpoint(`${type},${linear}`);
    else if (WATCHED[type] === undefined) return '';
    else if (this.watchpoints.delete(`${type},${linear},${parseHex(kind) ?? 0n}`)) this.watch();
    return 'OK';
  }

  private watch(): string {
    this.machine.processor.debug.setWatchpoints([...this.watchpoints.values()]);
    return 'OK';
  }

  private removeBreakpoint(key: string): void {
    if (!this.breakpoints.delete(key)) return;
    const address = key.slice(2);
    if (this.breakpoints.has(`0,${address}`) || this.breakpoints.has(`1,${address}`)) return;
    this.machine.processor.debug.removeBreakpoint(BigInt(address));
  }

  // Going on

  /** `vCont`: of its actions the first, because there is one thread. */
  private resumeBy(actions: string): string | null {
    const [action = ''] = (actions.split(';')[0] ?? '').split(':');
    switch (action.charAt(0)) {
      case 'c':
      case 'C':
        return this.resume({ kind: 'continue' });
      case 's':
      case 'S':
        return this.resume(ONE_STEP);
      case 'r': {
        const [from = '', to = ''] = action.slice(1).split(',');
        return this.resume({ kind: 'step', from: parseHex(from) ?? 0n, to: parseHex(to) ?? 0n });
      }
      default:
        return E_INVALID;
    }
  }

  private resumeAt(address: string, resumption: Resumption): string | null {
    const linear = parseHex(address);
    if (linear !== null) {
      this.changed();
      this.machine.processor.debug.instructionAddress = linear;
    }
    return this.resume(resumption);
  }

  private resume(resumption: Resumption): null {
    this.resumption = resumption;
    return null;
  }

  private detach(): string {
    this.end();
    this.resumption = { kind: 'detach' };
    return 'OK';
  }

  private kill(reply: string | null): string | null {
    this.end();
    this.resumption = { kind: 'kill' };
    return reply;
  }
}

/** `qXfer`: a part of the description; `l` says that it is the last. */
function part(xml: string, rest: string): string {
  const [offset, length] = range(rest);
  if (offset === null || length === null) return E_INVALID;
  const from = Number(offset);
  return `${from + length < xml.length ? 'm' : 'l'}${xml.slice(from, from + length)}`;
}

/** `address,length`, both hexadecimal. */
function range(text: string): [bigint | null, number | null] {
  const [address = '', length = ''] = text.split(',');
  const count = parseHex(length);
  return [parseHex(address), count === null || count > 0xffff_ffffn ? null : Number(count)];
}

function parseHex(digits: string): bigint | null {
  return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt(`0x${digits}`) : null;
}

/** The bytes of a number's digits in the other order. */
function reversed(digits: string): string {
  return (digits.match(/../g) ?? []).reverse().join('');
}
