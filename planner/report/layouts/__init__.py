"""Layouts of training jobs for their readers: pages, JSON and charts of a search, of one layout, of image networks."""
