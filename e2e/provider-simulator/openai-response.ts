import { event, eventStream, json, type Answer } from './answer.ts';
import type { Asked } from './hit.ts';
import { answerOpenai, idOf, openaiHeaders, words } from './openai.ts';

const usage = {
  input_tokens: 19,
  input_tokens_details: { cached_tokens: 3 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 29,
};

/** OpenAI's responses API; everything else as OpenAI. */
export function answerOpenaiResponse(asked: Asked): Answer {
  if (asked.method !== 'POST' || !asked.path.endsWith('/responses')) return answerOpenai(asked);
  const model = typeof asked.json['model'] === 'string' ? asked.json['model'] : 'gpt-4o-mini';
  const id = idOf(asked, 'resp_');
  const itemId = idOf(asked, 'msg_');
  if (asked.json['stream'] !== true) {
    return json(200, response(id, model, 'completed', [message(itemId)]), openaiHeaders);
  }
  let sequence = 0;
  const step = (type: string, rest: Record<string, unknown>) =>
    event({ type, sequence_number: sequence++, ...rest }, type);
  const place = { item_id: itemId, output_index: 0, content_index: 0 };
  const part = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text });
  const text = words.join('');
  return eventStream(
    [
      step('response.created', { response: response(id, model, 'in_progress', []) }),
      step('response.in_progress', { response: response(id, model, 'in_progress', []) }),
      step('response.output_item.added', {
        output_index: 0,
        item: { ...message(itemId), status: 'in_progress', content: [] },
      }),
      step('response.content_part.added', { ...place, part: part('') }),
      ...words.map((delta) =>
        step('response.output_text.delta', { ...place, delta, logprobs: [] }),
      ),
      step('response.output_text.done', { ...place, text, logprobs: [] }),
      step('response.content_part.done', { ...place, part: part(text) }),
      step('response.output_item.done', { output_index: 0, item: message(itemId) }),
      step('response.completed', {
        response: response(id, model, 'completed', [message(itemId)]),
      }),
    ],
    openaiHeaders,
  );
}

function message(id: string) {
  return {
    id,
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text: words.join('') }],
  };
}

function response(id: string, model: string, status: string, output: readonly unknown[]): unknown {
  return {
    id,
    object: 'response',
    created_at: 1_764_000_000,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage: status === 'completed' ? usage : null,
    user: null,
    metadata: {},
  };
}
