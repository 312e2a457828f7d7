/**
 * In the bundle the build has put the decoder's tables in the place of this module (scripts/build-bundle.ts). Here there are none:
 * they follow from the forms, entry by entry, when they are needed.
 */
import type { DecoderTables } from './prepared-tables.js';

export const TABLES_OF_BUILD = null as DecoderTables | null;
