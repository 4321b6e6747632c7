"""How far are the predictors from published measurements?

`cases` reads files of measured runs, `training` predicts each run from its own columns (one module a family),
`doubts` finds rows that others of the same source contradict, `accuracy` puts errors together by group, `fitting`
fits constants with a source left out. `data/` holds the shipped cases. Tables and charts are in `planner.report`.
"""
