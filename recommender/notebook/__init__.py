"""The engine as data scientists use it: DataFrames in, DataFrames out, and answers that a notebook shows as they look.

Everything here is a thin wrapper: reading, fitting, asking and measuring happen in the rooms below, as for the command
line. `recommender` hands these names out; nobody else imports this package, and the server never does.
"""

from recommender.notebook.comparison import evaluate
from recommender.notebook.data import Data, read
from recommender.notebook.model import Model, load
from recommender.notebook.recipe import Recipe
from recommender.notebook.report import Report
from recommender.notebook.split import Split, hold_out

__all__ = ["Data", "Model", "Recipe", "Report", "Split", "evaluate", "hold_out", "load", "read"]
