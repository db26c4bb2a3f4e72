"""Compares requests with AWS's own models, as botocore has them: types, what is required, and, which botocore leaves to
the service, lengths, ranges, patterns and enumerations.

Called with a file: a JSON list of {"service", "operation", "request", "form"}. Of a state machine (`"form": "states"`),
`request` is a task's Parameters; of a CloudFormation resource (`"form": "resource"`), the properties that make up the
operation's one parameter. Prints a JSON list of what is wrong with each.
"""

import json
import re
import sys
from pathlib import Path

import botocore.session
from botocore.validate import ParamValidator

# What an execution knows while it runs, and its input.
EXECUTION = "0f8fad5b-d9cb-469f-a165-70867728950e"
PATHS = {"$$.Execution.Name": EXECUTION, "$.run": EXECUTION}
FORMAT = re.compile(r"States\.Format\('([^']*)'((?:, [^,()]+)*)\)")


def value_of(expression):
    """What a state's `NAME.$` comes to."""
    if found := FORMAT.fullmatch(expression):
        return found[1].format(*(PATHS[path] for path in found[2].split(", ")[1:]))
    return PATHS[expression]


def of_states(value):
    if isinstance(value, list):
        return [of_states(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name.removesuffix(".$"): value_of(item) if name.endswith(".$") else of_states(item)
        for name, item in value.items()
    }


def of_resource(value, shape):
    """Properties begin with a capital where the operation's members don't. Keys of a map are what they are."""
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name[:1].lower() + name[1:]: item for name, item in value.items()}
        return {
            name: of_resource(item, shape.members[name]) if name in shape.members else item
            for name, item in members.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [of_resource(item, shape.member) for item in value]
    return value


def bounds(value, shape, path):
    """What botocore does not look at."""
    limits = shape.metadata
    size = value if shape.type_name in {"integer", "long", "float", "double"} else len(value)
    if size < limits.get("min", size) or size > limits.get("max", size):
        yield f"{path}: {value!r} is not between {limits.get('min')} and {limits.get('max')}"
    if value not in limits.get("enum", [value]):
        yield f"{path}: {value!r} is none of the values that there are"
    # Letters, spaces and numbers of every script are written otherwise in Python.
    pattern = re.sub(r"\\p\{[LN]\}", r"\\w", limits.get("pattern", "")).replace(r"\p{Z}", r"\s")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{path}: {value!r} is not like {pattern}"


def beyond(value, shape, path):
    """The bounds of a request whose types are right."""
    if shape.type_name == "boolean":
        return
    if shape.type_name == "structure":
        inner = [(item, shape.members[name], name) for name, item in value.items()]
    else:
        yield from bounds(value, shape, path)
        inner = []
    if shape.type_name == "list":
        inner = [(item, shape.member, str(at)) for at, item in enumerate(value)]
    elif shape.type_name == "map":
        inner = [(item, shape.value, name) for name, item in value.items()]
        inner += [(name, shape.key, name) for name in value]
    for item, member, name in inner:
        yield from beyond(item, member, f"{path}.{name}")


def problems(service, operation, request, form):
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    if form == "states":
        request = of_states(request)
    else:
        (only,) = shape.required_members
        request = {only: of_resource(request, shape.members[only])}
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        return report.generate_report().split("\n")
    return list(beyond(request, shape, operation))


print(json.dumps([problems(**asked) for asked in json.loads(Path(sys.argv[1]).read_text())]))
