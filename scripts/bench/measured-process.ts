import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { HostError } from '../../emulator/base/errors.js';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** What it reads from standard input; nothing by default. */
  readonly input?: string;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Measured {
  readonly wallSeconds: number;
  /** User and system time of the process with all its threads. */
  readonly cpuSeconds: number;
  readonly status: number;
  /** What it wrote to standard output and standard error. */
  readonly output: string;
}

/** Several times what a guest takes on a host that is busy with other things. */
const TIMEOUT_SECONDS = 600;
/** `time` reads the resource usage of the ended process (getrusage), in milliseconds: Node offers no such call. */
const TIMED =
  'output=$1; shift; TIMEFORMAT="%3R %3U %3S"; time timeout $TIMEOUT "$@" >"$output" 2>&1';

/**
 * Runs a command to its end and takes its time.
 * @param outputPath file that collects its output
 * @throws HostError when it takes more than ten minutes or bash is not there
 */
export function measure(command: Command, outputPath: string): Measured {
  const { status, signal, stderr, error } = spawnSync(
    'bash',
    ['-c', TIMED, 'bash', outputPath, command.program, ...command.args],
    {
      input: command.input ?? '',
      encoding: 'utf8',
      env: {
        ...process.env,
        LC_ALL: 'C',
        ...command.environment,
        TIMEOUT: String(TIMEOUT_SECONDS),
      },
    },
  );
  if (error !== undefined) throw new HostError(`bash cannot be run: ${error.message}`);
  const times = /([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  if (times === null) {
    throw new HostError(`bash took no time of ${command.program}: ${signal ?? ''} ${stderr}`);
  }
  const [wall = 0, user = 0, system = 0] = times.slice(1).map(Number);
  if (wall >= TIMEOUT_SECONDS) {
    throw new HostError(`${command.program} did not end in ${TIMEOUT_SECONDS} seconds`);
  }
  return {
    wallSeconds: wall,
    cpuSeconds: user + system,
    status: status ?? -1,
    output: readFileSync(outputPath, 'utf8'),
  };
}
