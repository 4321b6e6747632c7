"""Campaigns for their readers: the page of a run and its bill, its charts and files, and what searches found."""
