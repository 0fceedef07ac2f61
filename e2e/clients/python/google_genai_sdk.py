from google import genai
from google.genai import types
from outcome import raised, run

MODEL = "gemini-2.0-flash"


def client(task, which="ok"):
    return genai.Client(
        api_key=task["key"], http_options=types.HttpOptions(base_url=task["urls"][which])
    )


def completion(task):
    # The client must outlive the call: it closes its connections when it is collected.
    google = client(task)
    done = google.models.generate_content(model=MODEL, contents="hi")
    return [done.text, done.usage_metadata.total_token_count]


def stream(task):
    google = client(task)
    chunks = google.models.generate_content_stream(model=MODEL, contents="hi")
    return "".join(each.text or "" for each in chunks)


def embeddings(task):
    google = client(task)
    made = google.models.embed_content(model="text-embedding-004", contents="a")
    return list(made.embeddings[0].values)


def models(task):
    google = client(task)
    return [each.name for each in google.models.list()]


def errors(task):
    outcome = {}
    for status in ["401", "404", "429", "503"]:
        google = client(task, status)
        outcome[status] = raised(
            lambda: google.models.generate_content(model=MODEL, contents="hi")
        )
    return outcome


run(
    {
        "completion": completion,
        "stream": stream,
        "embeddings": embeddings,
        "models": models,
        "errors": errors,
    }
)
