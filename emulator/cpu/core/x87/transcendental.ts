import { raiseUnimplemented } from '../unimplemented';
export function executeTranscendental(operation: i32): void {
  raiseUnimplemented();
}
