/** Placeholder until the table below is complete; see the fact sheet's section 5. */
export interface EventPayloads {
  NewBlock: { readonly block_hash: string; readonly height: number };
}
export type EventType = keyof EventPayloads;
