/** A sleep in host time that something else may end sooner. */
export class Sleep {
  private end: (() => void) | null = null;

  /** Resolves after so many milliseconds, or at wake(). */
  async rest(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.end = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.end = null;
  }

  wake(): void {
    this.end?.();
  }
}
