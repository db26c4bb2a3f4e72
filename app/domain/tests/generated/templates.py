"""Prints the templates given as files as one JSON list, read as any reader of YAML reads them."""

import json
import sys
from pathlib import Path

import yaml

print(json.dumps([yaml.safe_load(Path(name).read_text()) for name in sys.argv[1:]]))
