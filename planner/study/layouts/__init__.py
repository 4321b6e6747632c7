"""Which layout is best, and why: searches over all layouts of a training job.

`search` looks at every legal layout of a job, and says what the best has before the next; `task` reads searches that
a file describes, with its own system, model and rules of enumeration.
"""
