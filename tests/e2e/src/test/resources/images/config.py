#!/usr/bin/env python3
"""Prints how an image's process runs, from what `inspect` of an engine says on standard input."""
import json
import sys

KEYS = ["Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "StopSignal", "User", "Volumes", "WorkingDir"]
config = json.load(sys.stdin)[0]["Config"]
for key in KEYS:
    print(key, json.dumps(config.get(key) or None, sort_keys=True))
