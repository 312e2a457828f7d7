/** How the other end of a serial cable comes: somebody connects to a socket, or a program is started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { HostError } from '../base/errors.js';
import { listenReason, reasonOf } from './host-file.js';
import type { SerialPlace } from './serial-place.js';

/** What comes from there, and what goes there. */
export interface Other {
  readonly readable: Readable;
  readonly writable: Writable;
}

export interface Opened {
  /** Where to connect; null where nobody has to. */
  readonly at: string | null;
  /** Waits a while until all is taken, then lets go. */
  close(): Promise<void>;
}

type SocketPlace = Exclude<SerialPlace, { readonly kind: 'program' }>;
type ProgramPlace = Extract<SerialPlace, { readonly kind: 'program' }>;

/** Host time in which the other end takes the rest and goes. */
const CLOSE_MS = 2000;

/** Listens until one has come. @throws HostError */
export async function listenAt(place: SocketPlace, came: (other: Other) => void): Promise<Opened> {
  const listener = createServer({ allowHalfOpen: true });
  let socket: Socket | null = null;
  listener.on('connection', (each) => {
    if (socket !== null) return void each.destroy();
    socket = each.setNoDelay(true);
    listener.close();
    came({ readable: each, writable: each });
  });
  try {
    await listen(listener, place);
  } catch (error) {
    const reason = listenReason(error, place.kind === 'unix' ? place.path : null);
    throw new HostError(`--serial ${place.text}: cannot listen there: ${reason}`);
  }
  return {
    at: place.kind === 'unix' ? place.text : addressOf(listener),
    close: async () => {
      listener.close();
      if (socket === null) return;
      await Promise.race([closed(socket), passed(CLOSE_MS)]);
      socket.destroy();
    },
  };
}

async function listen(listener: Server, place: SocketPlace): Promise<void> {
  if (place.kind === 'unix') await removeAbandoned(place.path);
  listener.listen(place.kind === 'unix' ? place.path : { host: place.host, port: place.port });
  await once(listener, 'listening');
}

/** A socket in the file system at which nobody listens: whoever did was killed. */
async function removeAbandoned(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const probe = connect(path);
  try {
    await once(probe, 'connect');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ECONNREFUSED') rmSync(path, { force: true });
  }
  probe.destroy();
}

/** With the port that the host has chosen where it was 0. */
function addressOf(listener: Server): string {
  const address = listener.address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `tcp:${host}:${address.port}`;
}

/** By the shell, which has its errors on our standard error. */
export function startProgram(
  { command }: ProgramPlace,
  came: (other: Other) => void,
  say: (text: string) => void,
): Opened {
  // A group of its own: the terminal's keys are not for it, and what it has started ends with it.
  const child = spawn(command, {
    shell: true,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      say(`exec:${command} cannot be started: ${reasonOf(error)}`);
      resolve();
    });
    child.on('close', (status, signal) => {
      const how = signal ?? (status === 0 ? null : `status ${status}`);
      if (how !== null) say(`exec:${command} has ended with ${how}`);
      resolve();
    });
  });
  came({ readable: child.stdout, writable: child.stdin });
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has gone meanwhile.
    }
  };
  return {
    at: null,
    close: async () => {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const isGone = await Promise.race([ended.then(() => true), passed(CLOSE_MS)]);
        if (isGone === true) return;
        kill(signal);
      }
    },
  };
}

/** An error comes before it, and is no rejection here. */
function closed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Does not keep the process alive. */
function passed(milliseconds: number): Promise<void> {
  return wait(milliseconds, undefined, { ref: false });
}
