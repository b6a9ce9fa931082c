"""Checks a manifest against the schema of Kubernetes, and prints the script that its container runs.

    PYTHON Tests/Engines/manifest.py FILE
"""

import sys

import kubernetes_validate
import yaml

with open(sys.argv[1]) as file:
    manifest = yaml.safe_load(file)
kubernetes_validate.validate(manifest, "1.30", strict=True)
container, = manifest["spec"]["template"]["spec"]["containers"]
assert container["command"] == ["/bin/sh", "-c"]
print(container["args"][0])
