/** Worker threads that run rows: each takes the next row when it is free. */
import { availableParallelism, freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EXIT_HOST, EXIT_INTERNAL } from './exit-status.js';
import type { RowReply, RowRequest } from './sweep-worker.js';

/** Host memory that one run may want beside its touched guest memory. */
const WORKER_BYTES = 192 * 1024 * 1024;

/** Jobs that fit this host: its processors, or what its free memory holds. */
export function defaultJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / WORKER_BYTES)));
}

/** Ends a sweep before its time: no row begins any more, and the workers look between two slices of a run. */
export class StopFlag {
  /** One number that the threads share: 1 when raised. */
  readonly shared = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  get isRaised(): boolean {
    return Atomics.load(this.shared, 0) === 1;
  }

  raise(): void {
    Atomics.store(this.shared, 0, 1);
  }
}

/**
 * Runs all requests, `jobs` at a time, or as many as begin before `stop` is raised.
 * @param finished gets each reply as it comes, with its place in `requests`
 * @param script what a worker runs
 */
export async function runRows(
  requests: readonly RowRequest[],
  jobs: number,
  stop: StopFlag,
  finished: (place: number, reply: RowReply) => void,
  script: URL = new URL('./sweep-worker.js', import.meta.url),
): Promise<void> {
  let next = 0;
  // What Node itself was started with (`--input-type`) may not fit a file.
  const startWorker = (): Worker => new Worker(script, { workerData: stop.shared, execArgv: [] });
  const lane = async (): Promise<void> => {
    let worker = startWorker();
    try {
      while (!stop.isRaised && next < requests.length) {
        const place = next++;
        const request = requests[place];
        if (request === undefined) break;
        const reply = await ask(worker, request).catch((error: unknown) => {
          worker = startWorker(); // the other one is gone, and would never answer again
          return replyOfTheDead(error);
        });
        finished(place, reply);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, requests.length) }, lane));
}

/** Rejects when the worker ends instead of answering. */
function ask(worker: Worker, request: RowRequest): Promise<RowReply> {
  return new Promise((resolve, reject) => {
    const ended = (status: number): void => {
      reject(new Error(`the worker thread ended with ${status}`));
    };
    worker.once('error', reject);
    worker.once('exit', ended);
    worker.once('message', (reply: RowReply) => {
      worker.off('error', reject);
      worker.off('exit', ended);
      resolve(reply);
    });
    worker.postMessage(request);
  });
}

function replyOfTheDead(error: unknown): RowReply {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isHosts = code === 'ERR_WORKER_OUT_OF_MEMORY';
  return { record: null, error: { message, code: isHosts ? EXIT_HOST : EXIT_INTERNAL } };
}
