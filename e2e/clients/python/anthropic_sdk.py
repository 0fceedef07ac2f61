from anthropic import Anthropic
from outcome import raised, run

ASKED = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "hi"}],
}


def client(task, which="ok", **options):
    return Anthropic(base_url=task["urls"][which], api_key=task["key"], **options)


def completion(task):
    done = client(task).messages.create(**ASKED)
    return [done.content[0].text, done.usage.output_tokens]


def stream(task):
    with client(task).messages.stream(**ASKED) as events:
        text = "".join(events.text_stream)
        return [text, events.get_final_message().usage.output_tokens]


def models(task):
    return [each.id for each in client(task).models.list()]


def count(task):
    made = client(task).messages.count_tokens(
        model=ASKED["model"], messages=ASKED["messages"]
    )
    return made.input_tokens


def errors(task):
    return {
        status: raised(lambda: client(task, status, max_retries=0).messages.create(**ASKED))
        for status in ["401", "404", "429", "503"]
    }


run(
    {
        "completion": completion,
        "stream": stream,
        "models": models,
        "count": count,
        "errors": errors,
    }
)
