"""Runs one invocation of a Python function as Lambda's runtime would.

Standard input carries one JSON object: what to run and the event. What the function prints goes to standard output: its
log. Standard error carries lines of JSON for the sandbox: "ready" once the function's module is loaded, then how the
invocation ended. The function's own standard error is its log too.
"""

import os
import sys


def main():
    channel = os.fdopen(os.dup(2), "w", encoding="utf-8")
    os.dup2(1, 2)

    import json
    import time

    job = json.load(sys.stdin)

    def tell(**line):
        # Lone surrogates can't be encoded; as escapes they can.
        channel.write(json.dumps(line) + "\n")
        channel.flush()

    def leave(**line):
        sys.stdout.flush()
        tell(memory_kb=peak_memory_kb(), **line)
        # Threads that the function left behind don't keep it alive.
        os._exit(0)

    import importlib.util

    if importlib.util.find_spec("boto3") is None:
        leave(end="unfit", missing="boto3")
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    bound(job)
    log_as_lambda_does(job, time)
    sys.path.insert(0, job["task"])
    os.chdir(job["task"])

    failures = Failures(job)
    try:
        handler = load(job["handler"])
    except BaseException as error:
        leave(end="failed", payload=failures.of_load(error))
    tell(ready=True)
    started = time.monotonic()
    try:
        answer = handler(json.loads(job["event"]), Context(job, started, time))
    except SystemExit as error:
        sys.stdout.flush()
        os._exit(error.code if isinstance(error.code, int) else 1)
    except BaseException as error:
        leave(end="failed", payload=failures.of_handler(error))
    try:
        payload = json.dumps(answer, ensure_ascii=False)
    except Exception as error:
        message = "Unable to marshal response: " + str(error)
        leave(end="failed", payload=failures.named("Runtime.MarshalError", message))
    size = len(payload.encode("utf-8", "replace"))
    if size > job["answer_limit"]:
        message = "Response payload size exceeded maximum allowed payload size (%d bytes)." % job["answer_limit"]
        leave(end="failed", payload={"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"})
    leave(end="answered", payload=payload)


def bound(job):
    """Limits the process where the system can."""
    try:
        import resource
    except ImportError:
        return
    for name, value in job["limits"].items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        try:
            _, hard = resource.getrlimit(kind)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            # macOS takes no limit of the address space.
            pass


def peak_memory_kb():
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def log_as_lambda_does(job, time):
    import logging

    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t" + job["request_id"] + "\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime

    class Output(logging.Handler):
        def emit(self, record):
            sys.stdout.write(self.format(record))

    output = Output()
    output.setFormatter(formatter)
    logging.getLogger().addHandler(output)


class Unloadable(Exception):
    """A handler that can't be found, with the type of error that Lambda reports."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def load(handler):
    import importlib

    module_name, dot, name = handler.rpartition(".")
    if not dot:
        problem = "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler
        raise Unloadable("Runtime.MalformedHandlerName", problem)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        problem = "Unable to import module '%s': %s" % (module_name, error)
        raise Unloadable("Runtime.ImportModuleError", problem) from error
    except SyntaxError as error:
        problem = "Syntax error in module '%s': %s" % (module_name, error)
        raise Unloadable("Runtime.UserCodeSyntaxError", problem) from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        problem = "Handler '%s' missing on module '%s'" % (name, module_name)
        raise Unloadable("Runtime.HandlerNotFound", problem) from error


class Failures:
    """Errors as Lambda reports them, with its own paths instead of this machine's."""

    def __init__(self, job):
        import sysconfig

        self.request_id = job["request_id"]
        libraries = "/var/lang/lib/" + job["runtime"]
        paths = sysconfig.get_paths()
        self.places = [(job["task"], "/var/task")]
        self.places += [(paths[name], libraries + "/site-packages") for name in ("purelib", "platlib")]
        self.places += [(paths["stdlib"], libraries)]

    def of_load(self, error):
        if isinstance(error, Unloadable):
            return self.log(error.kind, str(error), [])
        return self.of_handler(error)

    def of_handler(self, error):
        import traceback

        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
        stack = [self.placed(text) for text in traceback.format_list(frames)]
        return self.log(type(error).__name__, self.placed(str(error)), stack)

    def named(self, kind, message):
        return self.log(kind, message, [])

    def placed(self, text):
        for here, there in self.places:
            text = text.replace(here, there)
        return text

    def log(self, kind, message, stack):
        lines = ["[ERROR] %s: %s" % (kind, message)]
        if stack:
            lines += ["Traceback (most recent call last):"] + [text.rstrip("\n") for text in stack]
        print("\n".join(lines))
        return {"errorMessage": message, "errorType": kind, "requestId": self.request_id, "stackTrace": stack}


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, job, started, time):
        self.aws_request_id = job["request_id"]
        self.invoked_function_arn = job["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._remaining = lambda: max(0, int((started + job["timeout"] - time.monotonic()) * 1000))

    def get_remaining_time_in_millis(self):
        return self._remaining()


main()
