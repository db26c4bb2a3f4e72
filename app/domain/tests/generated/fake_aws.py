"""Stands in for the AWS CLI: writes its arguments down, one list a line, and says who calls.

Expects CALLS, the file for its arguments, and ACCOUNT, whose credentials it pretends to have.
"""

import json
import os
import sys

with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\n")
if sys.argv[1:3] == ["sts", "get-caller-identity"]:
    print(os.environ["ACCOUNT"])
