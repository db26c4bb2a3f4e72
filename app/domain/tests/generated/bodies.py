"""Prints the bodies that scripts send: what they assign to BODY, as lists of numbers."""

import ast
import base64
import json
import sys

bodies = []
for path in sys.argv[1:]:
    with open(path, encoding="ascii") as file:
        tree = ast.parse(file.read())
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "BODY"
    )
    code = compile(ast.Expression(value), path, "eval")
    bodies.append(list(eval(code, {"__builtins__": {}, "base64": base64})))
print(json.dumps(bodies))
