/** The execution tiers that run a test: the same expectations hold on each. */
import type { AttachTranslator } from '../../emulator/cpu/core-module.js';
import { TRANSLATION_FORCED } from '../../emulator/isa/state-layout.js';
import { translatorWith } from '../../emulator/translator/translator.js';

/** Translates every block of 64-bit code before its first instruction, up to where a run has to stop. */
export const forcedTranslation: AttachTranslator = translatorWith({
  thresholdEntries: TRANSLATION_FORCED,
  regionsMax: 1000,
  bytesMax: 16 << 20,
});

export const TIERS: readonly (readonly [name: string, translator: AttachTranslator | null])[] = [
  ['interpreted', null],
  ['translated', forcedTranslation],
];
