/** The options of a run as run.json has them: what recorded-run.ts makes a replay of. */
import { formatJsonMap } from '../memory/json-format.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { loadWord, moduleWord, type LoadedImage } from './boot-files.js';
import type { RunOptions } from './run-options.js';
import type { RunRecord } from './run-record.js';
import type { SerialInput } from './serial-input.js';
import { sha256 } from './sha256.js';

export function recordedConfig(
  options: RunOptions,
  loaded: LoadedImage,
  map: MemoryMap,
  { input, until }: { readonly input: SerialInput | null; readonly until: readonly string[] },
): RunRecord['config'] {
  return {
    ramBytes: options.ramBytes.toString(),
    memmap: options.memoryMapSpec,
    memmapAdd: options.memoryMapAdditions,
    memmapChaos: options.memoryMapDisorder?.toString() ?? null,
    memmapEntries: map.entries.length,
    memmapSha256: sha256(formatJsonMap(map)),
    numa: options.numaNodeBytes.map(String),
    cpu: options.cpu,
    coreHz: options.coreHz,
    fill: `0x${options.fillPattern.toString(16).padStart(16, '0')}`,
    uart: options.uart,
    residentMaxBytes: options.residentMaxBytes,
    append: options.commandLine,
    modules: options.modules.map(moduleWord),
    moduleSha256: loaded.moduleSha256,
    load: options.loads.map(loadWord),
    loadSha256: loaded.loadSha256,
    disk: options.diskPath,
    diskSha256: loaded.disk?.sha256 ?? null,
    ...(options.symbolsPath === null
      ? {}
      : { symbols: options.symbolsPath, symbolsSha256: loaded.symbolsSha256 }),
    entry: options.entry === null ? null : `0x${options.entry.toString(16)}`,
    input: input?.source ?? null,
    inputSha256: input?.sha256 ?? null,
    expect: options.expects,
    fail: options.fails,
    record: options.records,
    parse: options.parse,
    ...(options.roi === null ? {} : { roi: options.roi.text }),
    ...(options.magic === null ? {} : { magic: options.magic }),
    until: until,
    timeoutNs: options.timeoutNs,
    maxCycles: options.maxCycles,
    maxInsns: options.maxInstructions,
    expectExit: options.expectExit,
    keepGoing: options.keepGoing,
    onTripleFault: options.onTripleFault,
  };
}
