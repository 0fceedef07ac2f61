/**
 * Calls that only compute an answer, in every format: one upstream often serves several. What
 * creates something (files, batches, fine-tuning, a voice) is not among them.
 */
const inferencePath =
  /(?:\/(?:completions|embeddings|responses|messages|moderations|rerank|count_tokens|input_tokens|transcriptions|translations)|:(?:generateContent|streamGenerateContent|embedContent|batchEmbedContents|countTokens|generateAnswer))\/?$/;

// The same endings under these make a thing of the account's: a message of a thread.
const storedPath = /\/threads\/|\/conversations\//;

/** Whether a call may be sent twice: a read, or one that only computes. */
export function isInferenceCall(method: string, path: string): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return true;
  return method === 'POST' && inferencePath.test(path) && !storedPath.test(path);
}
