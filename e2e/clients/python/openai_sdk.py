from openai import OpenAI
from outcome import raised, run

MESSAGES = [{"role": "user", "content": "hi"}]


def client(task, which="ok", path="/v1", **options):
    return OpenAI(base_url=task["urls"][which] + path, api_key=task["key"], **options)


def completion(task):
    done = client(task).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    return [done.choices[0].message.content, done.usage.total_tokens]


def stream(task):
    text, total = "", 0
    for chunk in client(task).chat.completions.create(
        model="gpt-4o-mini",
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
    ):
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
        if chunk.usage:
            total = chunk.usage.total_tokens
    return [text, total]


def embeddings(task):
    made = client(task).embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    return [list(each.embedding) for each in made.data]


def models(task):
    return [each.id for each in client(task).models.list()]


def upload(task):
    made = client(task).files.create(file=("batch.jsonl", b'{"a":1}\n'), purpose="batch")
    return [made.filename, len(client(task).files.content(made.id).read())]


def response(task):
    return client(task, "responses").responses.create(model="gpt-4o-mini", input="hi").output_text


def response_stream(task):
    text = ""
    for event in client(task, "responses").responses.create(
        model="gpt-4o-mini", input="hi", stream=True
    ):
        if event.type == "response.output_text.delta":
            text += event.delta
    return text


def gemini_surface(task):
    openai = client(task, "gemini", "/v1beta/openai/")
    done = openai.chat.completions.create(model="gemini-2.0-flash", messages=MESSAGES)
    return done.choices[0].message.content


def errors(task):
    return {
        status: raised(
            lambda: client(task, status, max_retries=0).chat.completions.create(
                model="gpt-4o-mini", messages=MESSAGES
            )
        )
        for status in ["401", "404", "429", "503"]
    }


run(
    {
        "completion": completion,
        "stream": stream,
        "embeddings": embeddings,
        "models": models,
        "upload": upload,
        "response": response,
        "response_stream": response_stream,
        "gemini_surface": gemini_surface,
        "errors": errors,
    }
)
