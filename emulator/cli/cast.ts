/**
 * `--cast`: what COM1 shows, as a recording that terminals play, in guest time. [asciicast v2, docs.asciinema.org/manual/asciicast/v2]
 *
 * A header without a time of the host, then one line an event: `[seconds, "o", text]`, and `[seconds, "m", label]` for a marker. So the
 * same run writes the same bytes. A recording holds what a terminal got: LF alone is CR LF, as a terminal's driver makes it (ONLCR).
 */
import { StringDecoder } from 'node:string_decoder';
import { fileSink, type ByteSink } from './serial-output.js';

/** Columns and rows of a PC's text screen. */
const HEADER = { version: 2, width: 80, height: 25 };
/** Output that comes within so much guest time is one event: a frame of a player. */
const EVENT_SECONDS = 0.01;
/** Characters of an event: a guest that prints without end must not fill the host's memory. */
const EVENT_CHARACTERS_MAX = 4096;
/** Microseconds, as asciinema's own recordings have. */
const SECONDS_DIGITS = 6;
/** "All non-printable Unicode codepoints encoded as \\uXXXX"; JSON itself has those below U+0020 so. */
const NOT_PRINTABLE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** Takes the bytes of COM1 and the matches of `--expect`, in order of their cycles. */
export class CastRecording {
  private readonly decoder = new StringDecoder('utf8');
  private text = '';
  /** When the text's first byte came. */
  private seconds = 0;
  private last = '';

  constructor(
    private readonly write: (line: string) => void,
    private readonly coreHz: number,
  ) {
    write(`${JSON.stringify(HEADER)}\n`);
  }

  /** A character is in the event of its last byte, so none is cut in two. */
  byte(value: number, cycle: number): void {
    const seconds = cycle / this.coreHz;
    const isFull = this.text.length >= EVENT_CHARACTERS_MAX;
    if (isFull || seconds >= this.seconds + EVENT_SECONDS) this.endEvent();
    this.add(this.decoder.write(Buffer.of(value)), seconds);
  }

  marker(label: string, cycle: number): void {
    this.endEvent();
    this.line(cycle / this.coreHz, 'm', label);
  }

  /** What is left, a character that its guest never ended included. */
  end(cycle: number): void {
    this.add(this.decoder.end(), cycle / this.coreHz);
    this.endEvent();
  }

  private add(added: string, seconds: number): void {
    if (added === '') return;
    if (this.text === '') this.seconds = seconds;
    this.text += added === '\n' && this.last !== '\r' ? '\r\n' : added;
    this.last = added;
  }

  private endEvent(): void {
    if (this.text !== '') this.line(this.seconds, 'o', this.text);
    this.text = '';
  }

  private line(seconds: number, code: 'o' | 'm', data: string): void {
    const text = JSON.stringify(data).replace(NOT_PRINTABLE, escaped);
    this.write(`[${seconds.toFixed(SECONDS_DIGITS)}, "${code}", ${text}]\n`);
  }
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A recording in a file. */
export class CastFile {
  private readonly sink: ByteSink;
  readonly recording: CastRecording;

  /** @throws HostError when the file cannot be written */
  constructor(path: string, coreHz: number) {
    this.sink = fileSink(path);
    const write = (line: string): void => {
      for (const byte of Buffer.from(line)) this.sink.byte(byte, 0);
    };
    this.recording = new CastRecording(write, coreHz);
  }

  close(cycle: number): void {
    this.recording.end(cycle);
    this.sink.close();
  }
}
