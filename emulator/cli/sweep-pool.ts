/** Worker threads that run rows: each takes the next row when it is free. */
import { availableParallelism, freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EXIT_INTERNAL } from './exit-status.js';
import type { RowReply, RowRequest } from './sweep-worker.js';

/** Host memory that one run may want beside its touched guest memory. */
const WORKER_BYTES = 192 * 1024 * 1024;

/** Jobs that fit this host: its processors, or what its free memory holds. */
export function defaultJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / WORKER_BYTES)));
}

/**
 * Runs all requests, `jobs` at a time.
 * @param finished gets each reply as it comes, with its place in `requests`; false ends the sweep early
 */
export async function runRows(
  requests: readonly RowRequest[],
  jobs: number,
  finished: (place: number, reply: RowReply) => boolean,
): Promise<void> {
  let next = 0;
  let stopped = false;
  const lane = async (): Promise<void> => {
    const worker = new Worker(new URL('./sweep-worker.js', import.meta.url));
    try {
      while (!stopped && next < requests.length) {
        const place = next++;
        const request = requests[place];
        if (request === undefined) break;
        if (!finished(place, await ask(worker, request))) stopped = true;
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, requests.length) }, lane));
}

function ask(worker: Worker, request: RowRequest): Promise<RowReply> {
  return new Promise((resolve) => {
    const settle = (reply: RowReply): void => {
      worker.off('message', settle);
      worker.off('error', fail);
      resolve(reply);
    };
    const fail = (error: Error): void => {
      settle({ record: null, error: { message: error.message, code: EXIT_INTERNAL } });
    };
    worker.on('message', settle);
    worker.on('error', fail);
    worker.postMessage(request);
  });
}
