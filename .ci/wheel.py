"""Packs a program into a Python wheel that holds nothing else but what starts it.

    python3 .ci/wheel.py PROGRAM VERSION MACHINE FOLDER

The program is linked statically, so one wheel serves every Linux: those with glibc and those with
musl. Nothing is fetched, and the bytes of the wheel follow from those of the program and from
SOURCE_DATE_EPOCH.
"""

import base64
import hashlib
import os
import pathlib
import sys
import time
import zipfile

program, version, machine, folder = sys.argv[1:]
readme = (pathlib.Path(__file__).parent.parent / "README.md").read_text()
tag = f"py3-none-manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
info = f"tally-{version}.dist-info"

START = '''"""Starts the program: python -m tally."""

import os
import pathlib
import sys
import sysconfig


def program():
    """The path of the program, which pip put into the folder of scripts."""
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", f"{os.name}_user"),
        # pip install --target
        pathlib.Path(__file__).parent.parent / "bin",
    ]
    for folder in folders:
        path = os.path.join(folder, "tally")
        if os.path.isfile(path):
            return path
    sys.exit(f"error: no program named tally in {', '.join(map(str, folders))}.")


if __name__ == "__main__":
    os.execv(program(), ["tally", *sys.argv[1:]])
'''

METADATA = f"""Metadata-Version: 2.1
Name: tally
Version: {version}
Summary: Exact parameter and FLOP counts of transformer language models
Keywords: transformer,parameters,FLOPs,mixture of experts,scaling
Classifier: Development Status :: 4 - Beta
Classifier: Environment :: Console
Classifier: Intended Audience :: Science/Research
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Python :: 3
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{readme}"""

WHEEL = "Wheel-Version: 1.0\nGenerator: tally\nRoot-Is-Purelib: false\n" + "".join(
    f"Tag: py3-none-{platform}\n" for platform in tag.split("-")[2].split("."))

files = [
    ("tally/__init__.py", f'__version__ = "{version}"\n'.encode(), 0o644),
    ("tally/__main__.py", START.encode(), 0o644),
    (f"tally-{version}.data/scripts/tally", pathlib.Path(program).read_bytes(), 0o755),
    (f"{info}/METADATA", METADATA.encode(), 0o644),
    (f"{info}/WHEEL", WHEEL.encode(), 0o644),
]
record = "".join(
    f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},"
    f"{len(data)}\n"
    for name, data, _ in files)
files.append((f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode(), 0o644))

# A zip file knows no day before 1980.
day = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), 315532800))[:6]
with zipfile.ZipFile(
        os.path.join(folder, f"tally-{version}-{tag}.whl"), "w", zipfile.ZIP_DEFLATED) as wheel:
    for name, data, mode in files:
        entry = zipfile.ZipInfo(name, day)
        entry.external_attr = (0o100000 | mode) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        wheel.writestr(entry, data)
