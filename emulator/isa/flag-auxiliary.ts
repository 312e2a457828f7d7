/**
 * Bits of FLAG_AUX (state-layout.ts) beside CF, AF and OF: what SF and PF, read from FLAG_RESULT, are corrected by. Integer constants only:
 * TypeScript and AssemblyScript read this file.
 */
/** Eight bits, exclusive-or'ed to the result's low byte before its parity is taken. */
export const AUX_PARITY_SHIFT = 16;
/** One bit, exclusive-or'ed to the result's sign. */
export const AUX_SIGN_SHIFT = 24;
