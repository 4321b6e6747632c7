"""Can what a profile says be true? Sources, references, and figures that have to fit each other.

The schemas refuse what is not a number of the right unit within its bounds; here stands what a wrong number looks like
that passes them: a sparse peak given as dense, a link counted in both directions, the memory on the package given as
what a job can use, two GPUs given as one, a name that no profile has. Public data sheets and tables are full of them.
"""

from planner.inputs.plausibility.finding import Implausible, Shelf
from planner.inputs.plausibility.library import check_profiles

__all__ = ["Implausible", "Shelf", "check_profiles"]
