/** Runs one operation at a time, in the order asked. A failing operation does not stop the next. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(operation: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(operation);
    this.#tail = result.catch(() => undefined); // the caller has the rejection; the queue only needs the end
    return result;
  }
}
