/** What the gateway reads of a body; null for what it does not say. */
export interface AskedFields {
  readonly model: string | null;
  readonly stream: boolean | null;
  /** Where in a form the model stands, in bytes from its beginning. */
  readonly modelAt?: { readonly from: number; readonly to: number };
}

/** Reads them from bytes as they come. */
export interface FieldScan {
  feed(bytes: Uint8Array): void;
  readonly found: AskedFields;
}

/** What a body says that nothing is read of. */
export const nothingAsked: AskedFields = { model: null, stream: null };
