/**
 * Records instruction vectors on this machine's own processor and writes tests/vectors/*.bin.gz.
 *
 * `node dist/scripts/record-vectors.js [--scale N] [--only FILE]`, on x86-64 Linux with gcc, on a processor with BMI1, BMI2, ADX,
 * MOVBE, LZCNT, POPCNT, AVX2, FMA and F16C. The same seed gives the same cases; what the processor leaves undefined may differ.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ConfigurationError } from '../emulator/base/errors.js';
import { commandLine, runTool } from './accuracy/command-line.js';
import { Author, type Draft } from './vectors/author.js';
import { writeAvxForms } from './vectors/forms-avx.js';
import {
  writeBinaryForms,
  writeMultiplyForms,
  writeUnaryForms,
} from './vectors/forms-arithmetic.js';
import {
  writeBitManipulationForms,
  writeBitScanForms,
  writeBitTestForms,
  writeExchangeForms,
} from './vectors/forms-bit.js';
import {
  writeBranches,
  writeIndirectBranches,
  writePrefixForms,
  writeStackForms,
} from './vectors/forms-control.js';
import { writeFaultForms } from './vectors/forms-fault.js';
import {
  writeFarTransfers,
  writeMiscellaneousForms,
  writeSegmentLoads,
  writeSelectorQueries,
} from './vectors/forms-segment.js';
import { writeShiftForms } from './vectors/forms-shift.js';
import { writeStringForms } from './vectors/forms-string.js';
import { writeVectorForms } from './vectors/forms-vector.js';
import { writeTranscendentalForms, writeX87Forms } from './vectors/forms-x87.js';
import {
  writeConditionalForms,
  writeEffectiveAddresses,
  writeMoveForms,
  writeRareTransfers,
} from './vectors/forms-transfer.js';
import { caseSeed, drawInitialState, MachineState } from './vectors/initial-state.js';
import { CODE_BASE, IMAGE_BYTES } from './vectors/layout.js';
import { Outcome, VectorFileWriter } from './vectors/vector-file.js';

/** How many instructions are made of a form, where its weight says 1. */
const DEFAULT_SCALE = 2;

const FILES: readonly (readonly [name: string, writers: readonly ((author: Author) => void)[]])[] =
  [
    ['binary-arithmetic', [writeBinaryForms]],
    ['unary-and-multiply', [writeUnaryForms, writeMultiplyForms]],
    [
      'data-transfer',
      [writeMoveForms, writeConditionalForms, writeRareTransfers, writeEffectiveAddresses],
    ],
    ['shift-and-rotate', [writeShiftForms]],
    ['bit-and-byte', [writeBitTestForms, writeBitScanForms, writeBitManipulationForms]],
    ['exchange', [writeExchangeForms]],
    [
      'control-and-stack',
      [writeBranches, writeIndirectBranches, writeStackForms, writePrefixForms],
    ],
    ['string', [writeStringForms]],
    ['faults', [writeFaultForms]],
    [
      'segment-and-far',
      [writeSelectorQueries, writeSegmentLoads, writeFarTransfers, writeMiscellaneousForms],
    ],
    ['mmx', [vectorForms(/^MMX$/)]],
    ['sse', [vectorForms(/^SSE$/)]],
    ['sse2', [vectorForms(/^SSE2$/)]],
    ['sse2-integer', [vectorForms(/^SSE2 128-Bit SIMD Integer$/)]],
    ['sse3-to-sse4-2', [vectorForms(/^(SSE3|SSSE3|SSE4\.[12])$/)]],
    ['x87', [writeX87Forms]],
    ['x87-transcendental', [writeTranscendentalForms]],
    ['ciphers', [vectorForms(/^AESNI/)]],
    ['avx', [avxForms(/^AVX$/)]],
    ['avx2', [avxForms(/^AVX2$/)]],
    ['fma', [avxForms(/^FMA/)]],
  ];

// struct request, struct reply of record-vectors.c
const VECTOR_STATE_BYTES = 16 * 16 + 8 + 8 * 8 + 16 + 8 + 16 + 16 * 16;
/** Within it. */
const HEADS = 16 * 16 + 8 + 8 * 8;
const X87_WORDS = HEADS + 16;
const POINTERS = X87_WORDS + 8;
const UPPER_HALVES = POINTERS + 16;
const REQUEST_BYTES = 8 + 16 + 128 + 8 + VECTOR_STATE_BYTES + IMAGE_BYTES;
const REPLY_BYTES = 8 + 24 + 128 + VECTOR_STATE_BYTES + IMAGE_BYTES;
const VECTOR_BP = 3;
/** RFLAGS.RF is set in the image that a fault saves; it tells nothing about the instruction. */
const RFLAGS_RF = 0x1_0000;

function vectorForms(groups: RegExp): (author: Author) => void {
  return (author) => {
    writeVectorForms(author, groups);
  };
}

function avxForms(groups: RegExp): (author: Author) => void {
  return (author) => {
    writeAvxForms(author, groups);
  };
}

class Recording {
  private readonly before = new MachineState();
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  requests(drafts: readonly Draft[]): Uint8Array {
    const count = drafts.reduce((sum, { caseCount }) => sum + caseCount, 0);
    const bytes = new Uint8Array(count * REQUEST_BYTES);
    const view = new DataView(bytes.buffer);
    this.forEachCase(drafts, (draft, index) => {
      const at = index * REQUEST_BYTES;
      view.setUint32(at, draft.codeOffset, true);
      view.setUint32(at + 4, draft.bytes.length, true);
      bytes.set(draft.bytes, at + 8);
      bytes.set(new Uint8Array(this.before.registers.buffer), at + 24);
      view.setUint32(at + 152, this.before.rflags, true);
      bytes.set(new Uint8Array(this.before.vectors.buffer), at + 160);
      view.setUint32(at + 416, this.before.mxcsr, true);
      bytes.set(new Uint8Array(this.before.mmx.buffer), at + 424);
      const { x87 } = this.before;
      const vector = at + 160;
      x87.heads.forEach((head, i) => {
        view.setUint16(vector + HEADS + 2 * i, head, true);
      });
      view.setUint16(vector + X87_WORDS, x87.control, true);
      view.setUint16(vector + X87_WORDS + 2, x87.status, true);
      view.setUint16(vector + X87_WORDS + 4, this.before.x87Tags, true);
      bytes.set(new Uint8Array(this.before.upperHalves.buffer), vector + UPPER_HALVES);
      bytes.set(this.before.image, at + 160 + VECTOR_STATE_BYTES);
    });
    return bytes;
  }

  file(drafts: readonly Draft[], replies: Uint8Array): Uint8Array {
    const writer = new VectorFileWriter(this.seed);
    const view = new DataView(replies.buffer, replies.byteOffset);
    const after = new Outcome();
    let previous: Draft | null = null;
    this.forEachCase(drafts, (draft, index) => {
      if (draft !== previous) writer.instruction(draft);
      previous = draft;
      readReply(replies, view, index * REPLY_BYTES, after);
      writer.case(draft, this.before, after);
    });
    return writer.finish();
  }

  private forEachCase(
    drafts: readonly Draft[],
    visit: (draft: Draft, index: number) => void,
  ): void {
    let index = 0;
    for (const draft of drafts) {
      for (let i = 0; i < draft.caseCount; i += 1, index += 1) {
        drawInitialState(draft.setup, caseSeed(this.seed, index), this.before);
        visit(draft, index);
      }
    }
  }
}

function readReply(bytes: Uint8Array, view: DataView, at: number, after: Outcome): void {
  const vector = view.getUint32(at, true);
  after.fault = vector === VECTOR_BP ? -1 : vector;
  after.errorCode = view.getUint32(at + 4, true);
  after.cr2 = view.getBigUint64(at + 8, true);
  after.ripOffset = Number(view.getBigUint64(at + 16, true)) - CODE_BASE;
  after.state.rflags = view.getUint32(at + 24, true) & ~RFLAGS_RF;
  for (let i = 0; i < 32; i += 1) after.state.registers[i] = view.getUint32(at + 32 + 4 * i, true);
  for (let i = 0; i < 64; i += 1) after.state.vectors[i] = view.getUint32(at + 160 + 4 * i, true);
  after.state.mxcsr = view.getUint32(at + 416, true);
  after.state.x87Tags = view.getUint32(at + 420, true);
  for (let i = 0; i < 16; i += 1) after.state.mmx[i] = view.getUint32(at + 424 + 4 * i, true);
  const vectorState = at + 160;
  const { x87 } = after.state;
  for (let i = 0; i < 8; i += 1) x87.heads[i] = view.getUint16(vectorState + HEADS + 2 * i, true);
  x87.control = view.getUint16(vectorState + X87_WORDS, true);
  x87.status = view.getUint16(vectorState + X87_WORDS + 2, true);
  x87.opcode = view.getUint16(vectorState + X87_WORDS + 6, true);
  x87.instructionPointer = view.getBigInt64(vectorState + POINTERS, true);
  x87.dataPointer = view.getBigInt64(vectorState + POINTERS + 8, true);
  for (let i = 0; i < 64; i += 1)
    after.state.upperHalves[i] = view.getUint32(vectorState + UPPER_HALVES + 4 * i, true);
  const image = at + 160 + VECTOR_STATE_BYTES;
  after.state.image.set(bytes.subarray(image, image + IMAGE_BYTES));
}

function compileRecorder(source: string, folder: string): string {
  const program = join(folder, 'record-vectors');
  execFileSync(env['CC'] ?? 'gcc', ['-O2', '-Wall', '-Wextra', '-o', program, source]);
  return program;
}

function main(rootDir: string, scale: number, only: string | undefined): void {
  const folder = mkdtempSync(join(tmpdir(), 'record-vectors-'));
  const output = join(rootDir, 'tests/vectors');
  mkdirSync(output, { recursive: true });
  try {
    const recorder = compileRecorder(join(rootDir, 'scripts/record-vectors.c'), folder);
    for (const [index, [name, writers]] of FILES.entries()) {
      if (only !== undefined && only !== name) continue;
      const seed = index + 1;
      const author = new Author(seed, scale);
      for (const write of writers) write(author);
      const recording = new Recording(seed);
      const input = recording.requests(author.drafts);
      const replies = execFileSync(recorder, { input, maxBuffer: 2 ** 30 });
      const file = gzipSync(recording.file(author.drafts, replies), { level: 9 });
      writeFileSync(join(output, `${name}.bin.gz`), file);
      const cases = input.length / REQUEST_BYTES;
      stdout.write(
        `${name}: ${author.drafts.length} instructions, ${cases} cases, ${file.length} bytes\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await runTool('record-vectors', () => {
  const { scale, only } = commandLine(
    () =>
      parseArgs({
        options: {
          scale: { type: 'string', default: String(DEFAULT_SCALE) },
          only: { type: 'string' },
        },
      }).values,
  );
  if (!(Number(scale) > 0)) throw new ConfigurationError(`--scale ${scale}: not a positive number`);
  const names = FILES.map(([name]) => name);
  if (only !== undefined && !names.includes(only))
    throw new ConfigurationError(`--only ${only}: there is ${names.join(', ')}`);
  main(join(dirname(fileURLToPath(import.meta.url)), '../..'), Number(scale), only);
});
