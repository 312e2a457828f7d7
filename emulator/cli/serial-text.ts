/** What a serial port's bytes say. */
import { StringDecoder } from 'node:string_decoder';

/** UTF-8 bytes to text, without escape sequences of terminals (ECMA-48 CSI and OSC) and carriage returns. */
export class SerialText {
  private readonly decoder = new StringDecoder('utf8');
  private escape: 'none' | 'started' | 'csi' | 'osc' = 'none';

  take(byte: number): string {
    const text = this.decoder.write(Buffer.of(byte));
    let kept = '';
    for (const character of text) if (this.keeps(character)) kept += character;
    return kept;
  }

  private keeps(character: string): boolean {
    switch (this.escape) {
      case 'started':
        this.escape = character === '[' ? 'csi' : character === ']' ? 'osc' : 'none';
        return false;
      case 'csi':
        if (/[@-~]/.test(character)) this.escape = 'none';
        return false;
      case 'osc':
        if (character === '\x07' || character === '\\') this.escape = 'none';
        return false;
      case 'none':
        if (character === '\x1b') this.escape = 'started';
        return character !== '\x1b' && character !== '\r';
    }
  }
}
