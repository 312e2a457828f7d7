/**
 * What is typed at COM1: a file, standard input, a terminal.
 *
 * A file, or standard input that is read to its end before the run begins (`--input -`), gives the same run each time. What
 * comes while the machine runs (a terminal, or `--serial stdio` in a pipe) arrives in guest time when the host happened to
 * get it, so such a run cannot be repeated exactly.
 */
import { ConfigurationError, HostError } from '../base/errors.js';
import { SerialTerminal } from '../machine/serial-terminal.js';
import { readHostFile, readStandardInputToEnd, reasonOf } from './host-file.js';
import { sha256 } from './sha256.js';
import { Sleep } from './sleep.js';
import { standardError } from './standard-error.js';
import { KEYS_HELP, TerminalKeys, type KeyActions } from './terminal-keys.js';

export interface InputRequest {
  /** `--input`; undefined when not given, false for --no-input. */
  readonly input: string | false | undefined;
  /** The first `--serial` as it was given; undefined when there was none. */
  readonly serial: string | undefined;
  /** What is at the other end of COM1's cable, where that is a socket or a program. */
  readonly connection: { readonly input: SerialInput } | null;
  /** Whether the memory map is read from standard input. */
  readonly mapFromStandardInput: boolean;
}

export interface SerialInput {
  readonly terminal: SerialTerminal;
  /** For run.json: `stdin` or the path, and the hash of what is known beforehand. */
  readonly source: string;
  readonly sha256: string | null;
  /** Resolves when something has come, or after so many milliseconds of host time. */
  arrival(milliseconds: number): Promise<void>;
  /** The user has asked for the end (Ctrl-A x). */
  readonly quit: boolean;
  /** Gives the terminal back as it was, and lets go of standard input: it would keep the process alive. */
  close(): void;
}

/** No more is taken from standard input while so much waits for the guest. */
const WAITING_BYTES_MAX = 0x10000;

/** Opens what the options name; null when nobody types. @throws HostError, ConfigurationError */
export function openSerialInput(request: InputRequest): SerialInput | null {
  const { input, serial, connection, mapFromStandardInput } = request;
  if (input === false) return null;
  if (input === undefined && connection !== null) return connection.input;
  if (input === '') throw new ConfigurationError('--input needs a file, or - for standard input');
  const isTerminal = process.stdin.isTTY;
  const wanted = input === '-' || (input === undefined && serial === 'stdio');
  const byDefault =
    input === undefined && serial === undefined && isTerminal && process.stdout.isTTY;
  if (mapFromStandardInput && wanted) {
    throw new ConfigurationError(
      'standard input cannot be both the memory map and what is typed at COM1',
    );
  }
  if (input !== undefined && input !== '-') return prepared(readInputFile(input), input);
  if (!wanted && (!byDefault || mapFromStandardInput)) return null;
  if (input === '-' && !isTerminal) return prepared(readStandardInputToEnd(), 'stdin');
  return new StandardInput(isTerminal);
}

function readInputFile(path: string): Uint8Array {
  try {
    return readHostFile(path);
  } catch (error) {
    throw new HostError(`--input ${path} cannot be read: ${reasonOf(error)}`);
  }
}

/** Characters that are all known before the run. */
function prepared(bytes: Uint8Array, source: string): SerialInput {
  const terminal = new SerialTerminal();
  terminal.give(bytes);
  terminal.end();
  return {
    terminal,
    source,
    sha256: sha256(bytes),
    arrival: () => Promise.resolve(),
    quit: false,
    close: () => undefined,
  };
}

/** Standard input while the machine runs. Data come between slices of the run, when the machine stands still. */
class StandardInput implements SerialInput {
  readonly terminal = new SerialTerminal();
  readonly source = 'stdin';
  readonly sha256 = null;
  quit = false;
  private readonly sleep = new Sleep();
  private closed = false;
  private readonly keys: TerminalKeys | null;

  constructor(isTerminal: boolean) {
    const actions: KeyActions = {
      quit: () => {
        this.quit = true;
      },
      help: () => KEYS_HELP.forEach((line) => standardError.say(line)),
    };
    this.keys = isTerminal ? new TerminalKeys(actions) : null;
    if (isTerminal) process.stdin.setRawMode(true);
    process.stdin.on('data', this.onData).on('end', this.onEnd).on('error', this.onEnd);
  }

  async arrival(milliseconds: number): Promise<void> {
    if (this.terminal.waitingBytes < WAITING_BYTES_MAX) process.stdin.resume();
    await this.sleep.rest(milliseconds);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    process.stdin.off('data', this.onData).off('end', this.onEnd);
    if (this.keys !== null) process.stdin.setRawMode(false);
    process.stdin.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.terminal.give(this.keys?.filter(chunk) ?? chunk);
    if (this.terminal.waitingBytes >= WAITING_BYTES_MAX) process.stdin.pause();
    this.sleep.wake();
  };

  private readonly onEnd = (): void => {
    this.terminal.end();
    this.sleep.wake();
  };
}
