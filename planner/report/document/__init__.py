"""A report of plans for those who decide: its words (`sections`, `decide`), charts (`pictures`, `causes`) and forms.

`content` is the report without a form: sections of facts, tables, charts and texts, all plain. `pdf` sets it as PDF
and as pages in PNG by Typst, `html` as one page that needs nothing else, `workbook` as a workbook of tidy sheets.
"""
