"""How do a plan's results reach people and programs: tables for the terminal, JSON and CSV."""
