import { isJsonObject, objectField, parseJson, textField, type JsonObject } from './json-value.ts';

/** What an error of an upstream says. */
export interface ErrorFacts {
  /** A sentence for people; never empty. */
  readonly message: string;
  /** The most exact code: OpenAI's `code`, Gemini's `reason`. */
  readonly code: string | null;
  /** The class of the error: OpenAI's and Anthropic's `type`, Gemini's `status`. */
  readonly type: string | null;
}

const maxMessageLength = 1_000;
const maxCodeLength = 100;

/** Reads an error body in any of the formats, compatible servers' variants and HTML included. */
export function readErrorFacts(status: number, bodyText: string): ErrorFacts {
  const json = parseJson(bodyText);
  const facts = errorIn(json) ?? looseError(json);
  if (facts !== null) return facts;
  const message = typeof json === 'string' ? clip(json) : readableText(bodyText);
  return { message: message === '' ? `HTTP ${status}` : message, code: null, type: null };
}

/** The error that a JSON value is, or null: OpenAI, Anthropic, Gemini, also wrapped in an array. */
export function errorIn(json: unknown): ErrorFacts | null {
  if (Array.isArray(json)) {
    const items: readonly unknown[] = json;
    for (const item of items) {
      const facts = isJsonObject(item) ? errorIn(item) : null;
      if (facts !== null) return facts;
    }
    return null;
  }
  if (!isJsonObject(json)) return null;
  const { error } = json;
  if (typeof error === 'string' && error !== '') return factsOf(json, error);
  if (isJsonObject(error) && Object.keys(error).length > 0) return factsOf(error, null);
  const type = json['type'];
  if (type === 'error' || json['object'] === 'error') return factsOf(json, null);
  if (type === 'response.failed') {
    const failed = objectField(objectField(json, 'response') ?? {}, 'error');
    return failed === null ? factsOf({ message: 'response.failed' }, null) : factsOf(failed, null);
  }
  return null;
}

/** Error bodies that only their status makes an error: FastAPI's `detail`, a bare `message`. */
function looseError(json: unknown): ErrorFacts | null {
  if (!isJsonObject(json)) return null;
  const list = [json['errors'], json['detail']].find((each) => Array.isArray(each));
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  const [first] = items;
  if (isJsonObject(first)) return factsOf(first, textField(first, 'msg'));
  const detail = objectField(json, 'detail');
  if (detail !== null) return errorIn(detail) ?? factsOf(detail, null);
  const message = ['message', 'detail', 'msg', 'error_msg', 'error_description', 'title']
    .map((name) => textField(json, name))
    .find((each) => each !== null);
  return message === undefined ? null : factsOf(json, message);
}

function factsOf(error: JsonObject, message: string | null): ErrorFacts {
  const code = reasonOf(error) ?? textField(error, 'code');
  const ownType = textField(error, 'type');
  const type = textField(error, 'status') ?? (ownType === 'error' ? null : ownType);
  const text = message ?? textField(error, 'message') ?? textField(error, 'msg') ?? type ?? code;
  return {
    message: clip(text ?? JSON.stringify(error)),
    code: code?.slice(0, maxCodeLength) ?? null,
    type: type?.slice(0, maxCodeLength) ?? null,
  };
}

/** google.rpc.ErrorInfo among Gemini's details. */
function reasonOf(error: JsonObject): string | null {
  const { details } = error;
  if (!Array.isArray(details)) return null;
  const items: readonly unknown[] = details;
  for (const item of items) {
    const reason = isJsonObject(item) ? textField(item, 'reason') : null;
    if (reason !== null) return reason;
  }
  return null;
}

/** What a person would read of HTML or plain text: the title, else the text. */
function readableText(body: string): string {
  const start = body.slice(0, 20_000);
  if (!/^\s*</.test(start)) return clip(printable(start));
  const title = /<title[^>]{0,200}>([^<]{1,500})/i.exec(start)?.[1];
  const text = title ?? start.replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ');
  return clip(printable(text));
}

function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- binary garbage must not reach a log or a terminal
  return text.replaceAll(/[\u0000-\u0020\u007f-\u009f\ufffd]+/g, ' ').trim();
}

function clip(text: string): string {
  if (text.length <= maxMessageLength) return text;
  const cut = text.slice(0, maxMessageLength - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
