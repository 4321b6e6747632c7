"""A report of plans for those who decide: what it says (`sections`, `decide`), its charts (`pictures`, `causes`), and its forms.

`content` is the report without a form: sections of facts, tables, charts and texts, all plain. `pdf` sets it as PDF
and as pages in PNG by Typst, `html` as one page that needs nothing else, `workbook` as a workbook of tidy sheets.
"""
