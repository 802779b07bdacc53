/** Service bits that this node advertises, as a number: governance is bit 29 (contract, section 5). */
export const SERVICE_BITS = 0;
