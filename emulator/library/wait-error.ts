/** Why a wait came to nothing. */

/** What kept a text from coming. */
export type WaitFailure =
  /** The machine's run is over. */
  | 'ended'
  /** The guest time of `within`, or of the whole run, is over. */
  | 'timeout'
  /** The guest does nothing more before somebody types. */
  | 'input';

/** Lines of COM1 that the message shows. */
const SHOWN_LINES = 10;

/** A text that was waited for has not come. The message ends with the last lines of COM1. */
export class WaitError extends Error {
  override readonly name = 'WaitError';

  constructor(
    readonly reason: WaitFailure,
    what: string,
    serialText: string,
  ) {
    const lines = serialText.replace(/\n$/, '').split('\n').slice(-SHOWN_LINES);
    const shown = serialText === '' ? '  (nothing)' : lines.map((line) => `  ${line}`).join('\n');
    super(`${what}\nlast lines of COM1:\n${shown}`);
  }
}
