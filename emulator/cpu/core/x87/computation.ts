import { raiseUnimplemented } from '../unimplemented';
export function executeComputation(uop: u32, operation: i32): void {
  raiseUnimplemented();
}
