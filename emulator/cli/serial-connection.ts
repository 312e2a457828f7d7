/**
 * The other end of a port's cable at a socket or a program: what the port shows goes there, and at COM1 what comes from there is typed.
 *
 * The machine waits for nobody: until somebody connects, the last 64 KiB are kept for them. One connection is all that there is; when
 * it has gone, what the port shows is lost, and nothing more is typed. A program or reader that takes its time holds the machine up.
 * What comes arrives in guest time when the host happened to get it, so such a run cannot be repeated exactly.
 */
import type { Readable, Writable } from 'node:stream';
import { SerialTerminal } from '../machine/serial-terminal.js';
import { listenAt, startProgram, type Other, type Opened } from './serial-other-end.js';
import { parseSerialPlace, type SerialPlace } from './serial-place.js';
import type { SerialInput } from './serial-input.js';
import { BufferedSink, type ByteSink } from './serial-output.js';
import { Sleep } from './sleep.js';

/** What is kept for somebody who has not connected yet. */
const KEPT_BYTES_MAX = 0x10000;
/** No more is taken from the other end while so much waits for the guest. */
const TYPED_BYTES_MAX = 0x10000;
/** The machine stands still while so much waits for the other end. */
const BACKLOG_BYTES_MAX = 0x40000;

interface ConnectionLog {
  info(fields: { readonly status: true }, message: string): void;
}

export class SerialConnection {
  readonly sink: ByteSink = new BufferedSink((bytes) => this.send(bytes));
  private readonly terminal = new SerialTerminal();
  private readonly sleep = new Sleep();
  private isTyped = false;
  private kept = Buffer.alloc(0);
  private opened: Opened | null = null;
  /** `gone`: and nobody else will come. */
  private writable: Writable | 'none yet' | 'gone' = 'none yet';
  private readable: Readable | null = null;
  private isClosing = false;

  constructor(
    private readonly place: SerialPlace,
    private readonly port: string,
  ) {}

  /** Whoever asks for it has what comes typed; else it is lost. */
  get input(): SerialInput {
    this.isTyped = true;
    return {
      terminal: this.terminal,
      source: this.place.text,
      sha256: null,
      quit: false,
      arrival: async (milliseconds) => {
        if (this.terminal.waitingBytes < TYPED_BYTES_MAX) this.readable?.resume();
        await this.sleep.rest(milliseconds);
      },
      close: () => (this.isTyped = false),
    };
  }

  /** @throws HostError */
  async open(log: ConnectionLog): Promise<void> {
    const say = (text: string): void => log.info({ status: true }, `${this.port}: ${text}`);
    const came = (other: Other): void => this.connect(other, say);
    if (this.place.kind === 'program') this.opened = startProgram(this.place, came, say);
    else this.opened = await listenAt(this.place, came);
    if (this.opened.at !== null) say(`connect to ${this.opened.at}`);
  }

  /** While the other end has too much to take: resolves when that has changed, or after so many milliseconds; else null. */
  backlog(milliseconds: number): Promise<void> | null {
    const { writable } = this;
    const isFull = typeof writable !== 'string' && writable.writableLength > BACKLOG_BYTES_MAX;
    return isFull ? this.sleep.rest(milliseconds) : null;
  }

  /** What is on its way arrives, if the other end takes it in a while. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.sink.flush();
    this.readable?.resume();
    if (typeof this.writable !== 'string') this.writable.end();
    await this.opened?.close();
    this.opened = null;
  }

  private connect({ readable, writable }: Other, say: (text: string) => void): void {
    this.readable = readable;
    this.writable = writable;
    // It may end what it sends before the rest, and most end both at once: that is said once.
    let hasEnded = false;
    const ended = (): void => {
      if (!hasEnded && !this.isClosing) say(`the other end (${this.place.text}) has ended`);
      hasEnded = true;
      this.terminal.end();
      this.sleep.wake();
    };
    const gone = (): void => {
      this.writable = 'gone';
      ended();
    };
    writable.on('error', gone).on('close', gone);
    writable.on('drain', () => this.sleep.wake());
    readable.on('data', (bytes: Buffer) => this.typed(bytes));
    for (const event of ['end', 'close', 'error']) readable.on(event, ended);
    if (this.kept.length > 0) writable.write(this.kept);
    this.kept = Buffer.alloc(0);
  }

  private typed(bytes: Buffer): void {
    if (!this.isTyped) return;
    this.terminal.give(bytes);
    if (this.terminal.waitingBytes >= TYPED_BYTES_MAX) this.readable?.pause();
    this.sleep.wake();
  }

  private send(bytes: Uint8Array): void {
    if (typeof this.writable !== 'string') this.writable.write(bytes);
    else if (this.writable === 'none yet') {
      this.kept = Buffer.concat([this.kept, bytes]).subarray(-KEPT_BYTES_MAX);
    }
  }
}

/** By port, COM1 first; null where a port's bytes go elsewhere. @throws ConfigurationError naming option and value */
export function serialConnections(specs: readonly string[]): (SerialConnection | null)[] {
  return specs.map((spec, index) => {
    const place = parseSerialPlace(spec);
    return place === null ? null : new SerialConnection(place, `COM${index + 1}`);
  });
}

/** @throws HostError */
export async function openConnections(
  connections: readonly (SerialConnection | null)[],
  log: ConnectionLog,
): Promise<void> {
  for (const each of connections) await each?.open(log);
}

export async function closeConnections(
  connections: readonly (SerialConnection | null)[],
): Promise<void> {
  const open = connections.filter((each) => each !== null);
  await Promise.all(open.map((each) => each.close()));
}

/** As SerialConnection's, of the first that has one. */
export function backlogOf(
  connections: readonly (SerialConnection | null)[],
  milliseconds: number,
): Promise<void> | null {
  for (const each of connections) {
    const backlog = each?.backlog(milliseconds) ?? null;
    if (backlog !== null) return backlog;
  }
  return null;
}
