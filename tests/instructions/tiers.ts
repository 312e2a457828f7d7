/** The execution tiers that run a test: the same expectations hold on each. */
import type { AttachTranslator } from '../../emulator/cpu/core-module.js';
import { TRANSLATION_FORCED } from '../../emulator/isa/state-layout.js';
import { translatorWith } from '../../emulator/translator/translator.js';

/** Regions that forced translation has made in this test's file. */
export let regionsMade = 0;

/**
 * Translates every block of 64-bit code before its first instruction, up to where a run has to stop; `regionsMax` times on one
 * machine, after which it interprets.
 */
export function forcedTranslation(regionsMax = Number.POSITIVE_INFINITY): AttachTranslator {
  return (...core) => {
    const translator = attach(...core);
    return {
      thresholdEntries: translator.thresholdEntries,
      translate: (block, planted) => {
        const { made } = translator;
        const place = made < regionsMax ? translator.translate(block, planted) : 0;
        regionsMade += translator.made - made;
        return place;
      },
      untranslate: (block) => translator.untranslate(block),
      widen: (place, block) => translator.widen(place, block),
    };
  };
}

const attach = translatorWith({
  thresholdEntries: TRANSLATION_FORCED,
  regionsMax: 1000,
  bytesMax: 16 << 20,
});

export const TIERS: readonly (readonly [name: string, translator: AttachTranslator | null])[] = [
  ['interpreted', null],
  ['translated', forcedTranslation()],
];
