"""One task of the bench in a process of its own: ``worker.py TASK DATABASE DATA_DIR [JSON arguments]``.

The result is one line of JSON on the standard output.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measure import environment  # noqa: E402


def main(task, database, data_dir, arguments="{}"):
    module, function = task.split(".")
    with environment(database, data_dir) as env:
        result = getattr(importlib.import_module(module), function)(env, **json.loads(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
