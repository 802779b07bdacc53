/** The way to the node, as far as what a module gets needs it: the cell's channel, or a test's fake. */
export interface NodeCalls {
  /** Calls the node API. @throws {NodeApiError} as the node refuses it */
  call(method: string, params: readonly unknown[]): Promise<unknown>;
}
