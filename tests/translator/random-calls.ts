/**
 * A random program of functions in machine code: direct and indirect calls, tail jumps, cycles with two
 * entries, spread over several pages. Function n calls only functions behind it, so the program ends.
 *
 * R13 counts passes, R14 is the writer's own; everything else is as in random-loop.ts.
 */
import type { Scatter } from '../instructions/scatter.js';
import { LoopWriter } from './random-loop.js';

const FUNCTIONS = 6;
const TABLE_ENTRIES = 4;
const PAGE_BYTES = 0x1000;

/** Bytes with places that receive the distance to a label, and tables of labels' addresses. */
class Program {
  readonly bytes: number[] = [];
  private readonly labels = new Map<string, number>();
  private readonly distances: { readonly at: number; readonly label: string }[] = [];
  private readonly addresses: { readonly at: number; readonly label: string }[] = [];

  add(...bytes: readonly number[]): void {
    this.bytes.push(...bytes);
  }
  label(name: string): void {
    this.labels.set(name, this.bytes.length);
  }
  /** The instruction's bytes, and a 32-bit distance from its end. */
  relative(opcode: readonly number[], label: string): void {
    this.add(...opcode);
    this.distances.push({ at: this.bytes.length, label });
    this.add(0, 0, 0, 0);
  }
  address(label: string): void {
    this.addresses.push({ at: this.bytes.length, label });
    this.add(0, 0, 0, 0, 0, 0, 0, 0);
  }
  skipTo(offset: number): void {
    while (this.bytes.length < offset) this.add(0x90);
  }

  finished(base: bigint): Uint8Array {
    const code = Uint8Array.from(this.bytes);
    const view = new DataView(code.buffer);
    const place = (label: string): number => {
      const found = this.labels.get(label);
      if (found === undefined) throw new Error(`no label ${label}`);
      return found;
    };
    for (const { at, label } of this.distances) view.setInt32(at, place(label) - at - 4, true);
    for (const { at, label } of this.addresses)
      view.setBigUint64(at, base + BigInt(place(label)), true);
    return code;
  }
}

/** The program for `base`; it begins there and ends with HLT. */
export function randomCalls(scatter: Scatter, base: bigint): Uint8Array {
  const program = new Program();
  const writer = new LoopWriter(scatter);
  program.label('pass');
  for (let call = 0; call < 3; call++) {
    program.add(...writer.straight(scatter.below(4)));
    if (call === 1) throughTable(program);
    else callOne(program, scatter, scatter.below(FUNCTIONS));
  }
  program.add(0x49, 0x83, 0xed, 0x01); // SUB R13, 1
  program.relative([0x0f, 0x85], 'pass');
  program.add(0xf4);
  for (let number = 0; number < FUNCTIONS; number++) {
    if (scatter.below(3) === 0)
      program.skipTo((Math.floor(program.bytes.length / PAGE_BYTES) + 1) * PAGE_BYTES);
    program.label(`f${number}`);
    body(program, writer, scatter, number);
  }
  program.label('table');
  for (let entry = 0; entry < TABLE_ENTRIES; entry++)
    program.address(`f${scatter.below(FUNCTIONS)}`);
  return program.finished(base);
}

function body(program: Program, writer: LoopWriter, scatter: Scatter, number: number): void {
  program.add(...writer.straight(scatter.below(5)));
  if (scatter.below(3) === 0) twoEntries(program, writer, `${number}`);
  const behind = FUNCTIONS - 1 - number;
  if (behind > 0 && scatter.below(3) !== 0) {
    callOne(program, scatter, number + 1 + scatter.below(behind));
    program.add(...writer.straight(scatter.below(4)));
  }
  const next = `f${number + 1 + scatter.below(Math.max(1, behind))}`;
  const kind = behind > 0 ? scatter.below(6) : 0;
  if (kind === 1)
    program.relative([0xe9], next); // JMP
  else if (kind === 2) {
    program.relative([0x0f, 0x80 + scatter.below(16)], next); // Jcc
    program.add(0xc3);
  } else if (kind === 3) {
    program.relative([0x4c, 0x8d, 0x35], next); // LEA R14, [RIP + …]
    program.add(0x41, 0xff, 0xe6); // JMP R14
  } else program.add(0xc3);
}

/** Either by its address or through R14. */
function callOne(program: Program, scatter: Scatter, number: number): void {
  if (scatter.below(2) === 0) return program.relative([0xe8], `f${number}`);
  program.relative([0x4c, 0x8d, 0x35], `f${number}`);
  program.add(0x41, 0xff, 0xd6); // CALL R14
}

/** Calls one of the table's functions, by the low bits of AL. */
function throughTable(program: Program): void {
  program.add(0x44, 0x0f, 0xb6, 0xf0); // MOVZX R14D, AL
  program.add(0x41, 0x83, 0xe6, TABLE_ENTRIES - 1); // AND R14D, 3
  program.relative([0x4c, 0x8d, 0x1d], 'table'); // LEA R11, [RIP + …]
  program.add(0x43, 0xff, 0x14, 0xf3); // CALL [R11 + R14*8]
}

/** A cycle of two parts that is entered at either, three times at most. */
function twoEntries(program: Program, writer: LoopWriter, name: string): void {
  program.add(0x41, 0xbe, 3, 0, 0, 0); // MOV R14D, 3
  program.add(0xa8, 0x01); // TEST AL, 1
  program.relative([0x0f, 0x85], `second${name}`);
  program.label(`first${name}`);
  program.add(...writer.straight(2));
  program.label(`second${name}`);
  program.add(...writer.straight(2));
  program.add(0x41, 0x83, 0xee, 0x01); // SUB R14D, 1
  program.relative([0x0f, 0x85], `first${name}`);
}
