"""What do YAML files say, and at which line do they say it?

Reads scenarios and hardware profiles into a light tree of texts, lists and tables that remembers
the file and line of everything in it, and knows nothing of what the entries mean (`tree`). Texts
are read into trees (`reading`), laid over one another (`merging`) as files (`extends`, `overlaying`)
and entries (`like`, `alike`) say, edited (`--set PATH=VALUE`, `editing`) and handed on as plain
Python values; a place in those values is traced back to its line.
"""

from planner.inputs.documents.editing import set_path
from planner.inputs.documents.merging import NUMBER_KEYS, is_number, merge
from planner.inputs.documents.overlaying import EXTENDS_LIMIT, resolve
from planner.inputs.documents.reading import (
    DEPTH_LIMIT,
    KEY_LIMIT,
    NODE_LIMIT,
    NULLS,
    SHOWN_FAULTS,
    SIZE_LIMIT,
    load,
    loads,
)
from planner.inputs.documents.tree import (
    Items,
    Node,
    Place,
    Plain,
    Step,
    Steps,
    Table,
    Text,
    describe,
    dotted,
    locate,
    plain,
    refusal,
)

__all__ = [
    "DEPTH_LIMIT",
    "EXTENDS_LIMIT",
    "KEY_LIMIT",
    "NODE_LIMIT",
    "NULLS",
    "NUMBER_KEYS",
    "SHOWN_FAULTS",
    "SIZE_LIMIT",
    "Items",
    "Node",
    "Place",
    "Plain",
    "Step",
    "Steps",
    "Table",
    "Text",
    "describe",
    "dotted",
    "is_number",
    "load",
    "loads",
    "locate",
    "merge",
    "plain",
    "refusal",
    "resolve",
    "set_path",
]
