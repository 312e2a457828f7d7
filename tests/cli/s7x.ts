/** Runs the built command line as a user does: a process of its own, in a folder of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import type { SweepResult } from '../../emulator/cli/sweep-result.js';

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const mainPath = join(projectRoot, 'dist/bundle/s7x.js');

const HOST_MS_MAX = 50_000;

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The folder in which it ran. */
  readonly folder: string;
}

export interface Circumstances {
  readonly folder?: string;
  /** The command line's main module; that of this project unless given. */
  readonly mainPath?: string;
  /** What standard input holds; null for none at all (/dev/null). */
  readonly input?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  /** Host time after which the process is killed, for tests of what might not end. */
  readonly hostMsMax?: number;
  /** Called with standard output so far, whenever there is more; may send one signal. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** The same for standard error. */
  readonly onProgress?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A new empty folder below the host's folder for temporary files. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 's7x-test-'));
}

/** Runs `s7x WORDS…` to its end. */
export function s7x(
  words: readonly string[],
  circumstances: Circumstances = {},
): Promise<Finished> {
  const folder = circumstances.folder ?? emptyFolder();
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, [circumstances.mainPath ?? mainPath, ...words], {
      cwd: folder,
      env: { ...process.env, ...circumstances.env },
      stdio: [circumstances.input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    }) as ChildProcessWithoutNullStreams;
    let signalled = false;
    const killOnce = (signal: NodeJS.Signals): void => {
      if (!signalled) child.kill(signal);
      signalled = true;
    };
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1');
      circumstances.onOutput?.(stdout, killOnce);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      circumstances.onProgress?.(stderr, killOnce);
    });
    const killer = setTimeout(() => child.kill('SIGKILL'), circumstances.hostMsMax ?? HOST_MS_MAX);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(killer);
      resolvePromise({ status, signal, stdout, stderr, folder });
    });
    if (circumstances.input === null) return;
    child.stdin.on('error', () => undefined);
    child.stdin.end(circumstances.input ?? '');
  });
}

/** run.json of a finished `s7x run`, from the folder that it used. */
export function runRecord({ folder }: Finished, out = '.s7x/last'): RunRecord {
  return JSON.parse(readFileSync(join(folder, out, 'run.json'), 'utf8')) as RunRecord;
}

/** sweep.json of a finished `s7x sweep`. */
export function sweepRecord({ folder }: Finished, out = 's7x-sweep'): SweepResult {
  return JSON.parse(readFileSync(join(folder, out, 'sweep.json'), 'utf8')) as SweepResult;
}
