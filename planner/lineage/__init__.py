"""Why does a quantity have its value? Its formula, its parameters, down to the numbers that somebody wrote.

`explain` turns a quantity of a plan into a tree (`tree`), which is an `Explanation` and draws itself (`explanation`).
On the way it settles what is held fixed (`pins`), reads the source of quantities (`formulas`), says values in words
(`values`) and finds the written numbers that matter (`cells`).
"""

from planner.lineage.explanation import Explanation, WrittenCell
from planner.lineage.formulas import statements as statements
from planner.lineage.tree import explain
from planner.lineage.tree import scenario_argument as scenario_argument
from planner.lineage.values import Source as Source
from planner.lineage.values import Wording as Wording
from planner.lineage.values import axis_count as axis_count
from planner.lineage.values import spread_values as spread_values

__all__ = ["Explanation", "WrittenCell", "explain"]
