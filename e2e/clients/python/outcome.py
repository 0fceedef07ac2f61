"""Runs the checks of one SDK and prints what came of each as JSON."""

import json
import sys


def run(checks):
    """Calls every check with the task of argv[1]; a check that raises is told, not fatal."""
    task = json.loads(sys.argv[1])
    outcome = {}
    for name, check in checks.items():
        try:
            outcome[name] = check(task)
        except Exception as error:  # the spec compares what is told here
            outcome[name] = "%s: %s" % (type(error).__name__, error)
    print(json.dumps(outcome))


def raised(call):
    """The names of an exception's classes and its status."""
    try:
        call()
    except Exception as error:
        status = getattr(error, "status_code", None) or getattr(error, "code", None)
        return {"classes": [each.__name__ for each in type(error).__mro__], "status": status}
    return {"classes": [], "status": None}
