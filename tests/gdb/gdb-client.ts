/** A debugger on a socket that says what a test wants, for what GDB itself would not send, and where GDB is not installed. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { packet, PacketReader } from '../../emulator/cli/gdb/packets.js';
import { describeTarget } from '../../emulator/cli/gdb/target-description.js';

const REGISTERS = describeTarget(64).registers;
const ATTEMPTS = 200;
const ATTEMPT_MS = 50;

export class GdbClient {
  private readonly reader = new PacketReader();
  private readonly received: string[] = [];
  private wake: (() => void) | null = null;
  private closed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (bytes) => {
      for (const part of this.reader.take(bytes)) {
        if (part.kind !== 'packet') continue;
        socket.write('+');
        this.received.push(part.payload);
      }
      this.wake?.();
    });
    socket.on('close', () => {
      this.closed = true;
      this.wake?.();
    });
    socket.on('error', () => undefined);
  }

  /** Connects to a socket in the file system as soon as somebody listens there. */
  static async connect(path: string): Promise<GdbClient> {
    for (let attempt = 1; ; attempt++) {
      const socket = createConnection(path);
      try {
        await once(socket, 'connect');
        return new GdbClient(socket);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await sleep(ATTEMPT_MS);
      }
    }
  }

  /** Sends a packet and gives the next that comes; null: the connection was closed. */
  async ask(payload: string): Promise<string | null> {
    this.send(packet(payload));
    return this.next();
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  async next(): Promise<string | null> {
    while (this.received.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.received.shift() ?? null;
  }

  /** The value of a register. */
  async register(name: string): Promise<bigint> {
    const number = REGISTERS.findIndex((register) => register.name === name);
    const digits = (await this.ask(`p${number.toString(16)}`)) ?? '';
    return BigInt(`0x${(digits.match(/../g) ?? []).reverse().join('')}`);
  }

  close(): void {
    this.socket.destroy();
  }
}
