/**
 * Text that came out of a guest or a file, for a terminal: its control characters, and those that turn the direction of
 * writing, would be obeyed there. They are shown as JSON writes them, so that a JSON document stays what it is.
 */

/**
 * All but C0, DEL, C1 [ECMA-48] and the Bidi_Control characters of Unicode. Without the flag u, which would ask for
 * Unicode's tables at every start: surrogates are among what stays.
 */
const OBEYED = /[^\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2029\u202f-\u2065\u206a-\uffff]/g;
const OBEYED_IN_DOCUMENTS =
  /\r(?!\n)|[^\r\n\t\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2029\u202f-\u2065\u206a-\uffff]/g;

/** A document: its lines and tabulators stay. */
export function printable(text: string): string {
  return text.replace(OBEYED_IN_DOCUMENTS, escaped);
}

/** A line of the emulator's own, which what stands in it can neither end nor take back. */
export function printableLine(text: string): string {
  return text.replace(OBEYED, escaped);
}

function escaped(character: string): string {
  const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
