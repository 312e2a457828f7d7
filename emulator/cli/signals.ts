/** SIGINT and SIGTERM end a run in order: files are flushed, then the signal takes its usual course. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type WatchedSignal = (typeof SIGNALS)[number];

let received: WatchedSignal | null = null;
const handlers = new Map<WatchedSignal, () => void>();

/** From now on signals are remembered, and `came` is called at the first; a second one ends the process at once. */
export function watchSignals(came: () => void = () => undefined): void {
  for (const signal of SIGNALS) {
    if (handlers.has(signal)) continue;
    const handler = (): void => {
      if (received !== null) raiseAgain();
      received = signal;
      came();
    };
    handlers.set(signal, handler);
    process.on(signal, handler);
  }
}

/** The signal that came, or null. */
export function interruptSignal(): string | null {
  return received;
}

/** Gives the received signal its default action: the parent sees how we ended. */
export function raiseAgain(): void {
  if (received === null) return;
  for (const [signal, handler] of handlers) process.off(signal, handler);
  // A second signal comes here while the run still owns the terminal; by default nobody gives that back.
  if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false);
  process.kill(process.pid, received);
}
