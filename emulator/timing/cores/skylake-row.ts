/** Writes a row of the Skylake tables: what most rows say, in one line. */
import type { TimingRow } from '../core-model.js';

/** From the uops.info tables: micro-ops of the fused domain are `slots`. */
export function ui(
  mnemonics: string,
  ports: string,
  latency: number,
  more: Partial<TimingRow> = {},
): TimingRow {
  return { mnemonics, ports, latency, source: 'UI', ...more };
}

/** Holds everything behind it for `cost` cycles: an estimate, unless `more` names a source. */
export function serialising(
  mnemonics: string,
  cost: number,
  more: Partial<TimingRow> = {},
): TimingRow {
  const source = more.source ?? 'E';
  const estimate = source === 'E' ? { estimate: true } : {};
  return { mnemonics, kind: 'Serialising', cost, ...more, source, ...estimate };
}
