/** A memory map in any of the text forms that people have: JSON, a kernel log, a Linux command line, files of sysfs. */

import { ConfigurationError } from '../base/errors.js';
import { looksLikeDmesg, parseDmesg, type LineProblem } from './dmesg-format.js';
import { parseJsonMap } from './json-format.js';
import { parseLinuxMemmap } from './linux-memmap-format.js';
import type { MemoryMap } from './memory-map.js';
import { looksLikeSysfs, parseSysfs } from './sysfs-format.js';

export interface MapText {
  readonly map: MemoryMap;
  /** Lines of a log that belong to the map and could not be used. */
  readonly problems: readonly LineProblem[];
  readonly notes: readonly string[];
}

/**
 * Finds out the form and reads the map.
 * @param source names the text in errors and in the map.
 * @throws ConfigurationError saying what is wrong, and where.
 */
export function parseMapText(text: string, source: string): MapText {
  const start = text.replace(/^\uFEFF/, '').trimStart();
  if (start === '') throw new ConfigurationError(`${source} is empty`);
  if (text.includes('\0')) throw new ConfigurationError(`${source} is not text`);
  // A kernel log begins with a bracket too: `[    0.000000] Linux version …`.
  if (/^(?:\{|\[\s*(?:\{|\]))/.test(start)) return plain(parseJsonMap(text, source));
  if (!looksLikeDmesg(text) && /(?:^|\s)memmap=/.test(text)) {
    return plain(parseLinuxMemmap(text, source));
  }
  if (!looksLikeDmesg(text) && looksLikeSysfs(text)) {
    return { ...parseSysfs(text, source), problems: [] };
  }
  return parseDmesg(text, source);
}

function plain(map: MemoryMap): MapText {
  return { map, problems: [], notes: [] };
}
